"""Links in a service's results: a client of the gateway can follow them."""

from typing import Any

import pytest
from fastmcp import Client
from fastmcp.tools import ToolResult
from mcp.types import EmbeddedResource, ResourceLink, TextContent, TextResourceContents

from tests.contract.pairs import CLIENTS
from tests.doors.conftest import Watch

URI = "text://items/7"


@pytest.mark.parametrize("mode", CLIENTS.values())
async def test_links_of_a_service_lead_to_what_they_name(watch: Watch, mode: Any) -> None:
    async with watch() as watched, Client(watched.gateway, mode=mode) as client:
        service = watched.gateway.runtime.services["own"]

        @service.tool
        def linked() -> ToolResult:
            embedded = TextResourceContents(uri=URI, text="seven")
            return ToolResult(
                [
                    TextContent(type="text", text=URI),
                    ResourceLink(type="resource_link", uri=URI, name="seven"),
                    EmbeddedResource(type="resource", resource=embedded),
                ],
                structured_content={"uri": URI},
            )

        try:
            result = await client.call_tool("own_linked")
        finally:
            service.local_provider.remove_tool("linked")
        text, link, embedded = result.content
        assert isinstance(text, TextContent)
        assert isinstance(link, ResourceLink)
        assert isinstance(embedded, EmbeddedResource)
        assert link.uri == embedded.resource.uri == "text://own/items/7"
        assert (await client.read_resource(link.uri))[0].uri == "text://own/items/7"
    assert (text.text, result.structured_content) == (URI, {"uri": URI})
