"""The links in what a service's tool returns, as clients of the gateway can follow them."""

from fastmcp.tools.base import ToolResult
from mcp_types import ContentBlock, EmbeddedResource, ResourceLink

from gateway.catalog.uris import to_public
from gateway.doors.own import OWN


def with_public_links(namespace: str, result: ToolResult) -> ToolResult:
    """`result` with the URIs of its resource links and embedded resources made public.

    A service writes them as its own. What it passes on whole from elsewhere is left as it is.
    """
    if namespace == OWN or result._raw_mcp_result is not None:
        return result
    content = [_published(namespace, block) for block in result.content]
    return result if content == result.content else result.model_copy(update={"content": content})


def _published(namespace: str, block: ContentBlock) -> ContentBlock:
    if isinstance(block, ResourceLink):
        return block.model_copy(update={"uri": to_public(namespace, block.uri)})
    if isinstance(block, EmbeddedResource):
        uri = to_public(namespace, block.resource.uri)
        return block.model_copy(update={"resource": block.resource.model_copy(update={"uri": uri})})
    return block
