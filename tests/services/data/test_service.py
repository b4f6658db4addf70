"""Results over the bound: the first rows come back, and the caller pages through the rest."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastmcp import Client
from fastmcp.server.auth import AccessToken
from mcp import MCPError
from mcp.types import PromptReference, ResourceLink, ResourceTemplateReference, TextContent, TextResourceContents

from services.data import service
from services.data.server import create_server
from services.data.settings import Settings


async def read(client: Client, uri: str) -> dict[str, Any]:
    """What a resource that is JSON holds."""
    (content,) = await client.read_resource(uri)
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    return json.loads(content.text)


async def test_a_large_result_is_paged_through(root: Path) -> None:
    async with Client(create_server(Settings(roots=[root], max_rows=3, keep_rows=8))) as client:
        result = await client.call_tool("query", {"sql": "SELECT i FROM range(7) t(i)"})
        text, link = result.content
        assert isinstance(text, TextContent)
        assert isinstance(link, ResourceLink)
        found = result.structured_content
        assert found is not None
        assert json.loads(text.text) == found
        assert (found["rows"], found["kept_rows"], found["complete"]) == ([[0], [1], [2]], 7, True)
        assert link.uri == f"result://{found['result_id']}?offset=3"
        page = await read(client, link.uri)
        assert (page["rows"], page["next_offset"]) == ([[3], [4], [5]], 6)
        last = await read(client, f"result://{found['result_id']}?offset=6")
        assert (last["rows"], last["next_offset"]) == ([[6]], None)
        first = await read(client, f"result://{found['result_id']}")
        assert (first["rows"], first["columns"]) == (found["rows"], found["columns"])
        for uri in (f"result://{found['result_id']}?offset=7", "result://not-an-id"):
            with pytest.raises(MCPError, match=r"outside the 7 rows|no such result here"):
                await client.read_resource(uri)
        part = await client.call_tool("query", {"sql": "FROM range(9)"})
        assert part.structured_content is not None
        assert (part.structured_content["kept_rows"], part.structured_content["complete"]) == (8, False)


async def test_a_result_is_for_the_caller_who_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = AccessToken(token="t", client_id="one app", subject="ada", scopes=[])
    monkeypatch.setattr(service, "get_access_token", lambda: caller)
    async with Client(create_server(Settings(roots=[root], max_rows=1))) as client:
        result = await client.call_tool("query", {"sql": "SELECT name FROM fruit"})
        assert result.structured_content is not None
        uri = f"result://{result.structured_content['result_id']}?offset=2"
        assert (await read(client, uri))["rows"] == [["plum"]]
        caller = caller.model_copy(update={"subject": "bob"})
        with pytest.raises(MCPError, match="no such result here"):
            await client.read_resource(uri)


async def test_with_nothing_kept_there_is_no_link(root: Path) -> None:
    async with Client(create_server(Settings(roots=[root], max_rows=1, keep_rows=0))) as client:
        result = await client.call_tool("query", {"sql": "SELECT name FROM fruit"})
    assert len(result.content) == 1
    assert result.structured_content is not None
    found = result.structured_content
    assert (found["truncated"], found["result_id"], found["kept_rows"], found["complete"]) == (True, None, 0, False)


async def test_data_sets_are_listed_and_each_has_its_profile(root: Path) -> None:
    (root / "a b.csv").write_text("n\n1\n")
    async with Client(create_server(Settings(roots=[root]))) as client:
        (content,) = await client.read_resource("datasets://all")
        assert isinstance(content, TextResourceContents)
        listed = json.loads(content.text)
        assert listed[0] == {"name": "a b", "file": "a b.csv", "bytes": 4}
        assert [(await read(client, f"dataset://{quote(each['name'])}"))["rows"] for each in listed] == [1, 3]
        with pytest.raises(MCPError, match="no such data set"):
            await client.read_resource("dataset://outside.csv")
        with pytest.raises(MCPError, match="not found"):
            await client.read_resource("dataset://../outside.csv")


async def test_names_of_data_sets_are_completed(root: Path) -> None:
    (root / "figs.csv").write_text("n\n1\n")
    async with Client(create_server(Settings(roots=[root]))) as client:
        prompt = PromptReference(type="ref/prompt", name="analyze")
        template = ResourceTemplateReference(type="ref/resource", uri="dataset://{name*}")
        assert (await client.complete(prompt, {"name": "dataset", "value": "F"})).values == ["figs", "fruit"]
        assert (await client.complete(template, {"name": "name", "value": "fr"})).values == ["fruit"]
        assert (await client.complete(prompt, {"name": "question", "value": "f"})).values == []


async def test_names_of_columns_are_completed_once_the_data_set_is_chosen(root: Path) -> None:
    (root / "a b.csv").write_text("width,weight\n1,2\n")
    async with Client(create_server(Settings(roots=[root]))) as client:
        prompt = PromptReference(type="ref/prompt", name="analyze")

        async def completed(value: str, **chosen: str) -> list[str]:
            return (await client.complete(prompt, {"name": "column", "value": value}, chosen or None)).values

        assert await completed("P", dataset="fruit") == ["price", "picked"]
        assert await completed("w", dataset="a b.csv") == ["width", "weight"]
        assert await completed("p") == []
        assert await completed("p", dataset="../outside.csv") == []
        assert await completed("p", dataset='fruit" UNION FROM "fruit') == []
