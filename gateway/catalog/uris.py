"""Public resource URIs: `scheme://rest` of the owner is `scheme://namespace/rest` for clients, and back.

A URI without an authority (`urn:isbn:…`) goes whole behind `opaque://namespace/`. Both directions are plain prefix
work, so that a template maps like any URI and what a client expands from it maps back.
"""

import re
from collections.abc import Mapping
from typing import Any

OPAQUE = "opaque"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")  # RFC 3986, section 3.1


def to_public(namespace: str, uri: str) -> str:
    """The URI that clients use for an owner's `uri` (or URI template)."""
    scheme, separator, rest = uri.partition("://")
    if not separator or _SCHEME.fullmatch(scheme) is None or scheme.lower() == OPAQUE:
        return f"{OPAQUE}://{namespace}/{uri}"
    return f"{scheme}://{namespace}/{rest}"


def to_original(uri: str) -> tuple[str, str] | None:
    """The namespace and the owner's own URI in a public one; None where it is no public URI."""
    scheme, separator, rest = uri.partition("://")
    namespace, slash, path = rest.partition("/")
    if not separator or not slash or not namespace:
        return None
    return namespace, path if scheme == OPAQUE else f"{scheme}://{path}"


def publish_tool(namespace: str, definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool's definition with the URI of its page made public, in both places where it may stand (MCP Apps)."""
    meta = definition.get("_meta")
    if not isinstance(meta, Mapping):
        return definition
    published = dict(meta)
    if isinstance(meta.get("ui/resourceUri"), str):
        published["ui/resourceUri"] = to_public(namespace, meta["ui/resourceUri"])
    page = meta.get("ui")
    if isinstance(page, Mapping) and isinstance(page.get("resourceUri"), str):
        published["ui"] = {**page, "resourceUri": to_public(namespace, page["resourceUri"])}
    return {**definition, "_meta": published}


def publish_content(namespace: str, content: Any) -> Any:
    """A content block with the URIs in it made public: resource links and embedded resources."""
    if not isinstance(content, dict):
        return content
    if content.get("type") == "resource_link" and isinstance(content.get("uri"), str):
        return {**content, "uri": to_public(namespace, content["uri"])}
    if content.get("type") == "resource" and isinstance(content.get("resource"), dict):
        return {**content, "resource": _publish_uri(namespace, content["resource"])}
    return content


def publish_result(namespace: str, method: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result of `method` with every URI in it made public. What has another shape stays as it is."""
    if method == "tools/call" and isinstance(result.get("content"), list):
        return {**result, "content": [publish_content(namespace, each) for each in result["content"]]}
    if method == "resources/read" and isinstance(result.get("contents"), list):
        return {**result, "contents": [_publish_uri(namespace, each) for each in result["contents"]]}
    if method == "prompts/get" and isinstance(result.get("messages"), list):
        return {**result, "messages": [_publish_message(namespace, each) for each in result["messages"]]}
    return result


def _publish_uri(namespace: str, item: Any) -> Any:
    if isinstance(item, Mapping) and isinstance(item.get("uri"), str):
        return {**item, "uri": to_public(namespace, item["uri"])}
    return item


def _publish_message(namespace: str, message: Any) -> Any:
    if isinstance(message, dict) and "content" in message:
        return {**message, "content": publish_content(namespace, message["content"])}
    return message
