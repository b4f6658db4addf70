"""Tools: listed, called, and failing, through every pairing of eras."""

import pytest
from fastmcp.exceptions import ToolError
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import KINDS, RAW, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served
from tests.upstreams.raw.definitions import PIXEL, TOOLS, VENDOR
from tests.upstreams.running import Running

INVALID_PARAMS = -32602


@requirement("eras.pairing", "tools.call")
@pairs()
async def test_a_tool_of_any_upstream_is_called_by_any_client(pair: Pair) -> None:
    async with pair.client() as client:
        assert {pair.name("echo"), pair.name("progress")} <= {tool.name for tool in await client.list_tools()}
        assert (await client.call_tool(pair.name("echo"), {"text": "Grüß Gott"})).content[0].text == "Grüß Gott"


@requirement("tools.list", "tools.schema")
@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_definitions_come_through_with_their_names_changed_and_nothing_else(gateway: Served, era) -> None:
    async with wire(gateway.url, era) as client:
        listed = (await client.ask("tools/list")).result["tools"]
    for kind in RAW:
        own = [tool for tool in listed if tool["name"].partition("_")[0] == kind.namespace]
        assert own == [{**tool, "name": f"{kind.namespace}_{tool['name']}"} for tool in TOOLS]


@requirement("tools.list")
async def test_a_list_has_one_order_for_all(gateway: Served) -> None:
    async with wire(gateway.url, "modern") as one, wire(gateway.url, "legacy") as other:
        lists = [(await client.ask("tools/list")).result["tools"] for client in (one, other, one)]
    assert lists[0] == lists[1] == lists[2]
    assert len({tool["name"] for tool in lists[0]}) == len(lists[0]) > len(RAW) * len(TOOLS)


@requirement("tools.call", "meta.vendor")
@pairs(RAW)
async def test_the_whole_result_comes_back(pair: Pair) -> None:
    async with pair.client() as client:
        said = await client.call_tool(pair.name("echo"), {"text": "hello"}, meta={VENDOR: "of the client"})
        added = await client.call_tool(pair.name("add"), {"a": 1, "b": 2})
    assert said.meta is not None
    assert said.meta[VENDOR] == "result echo"
    assert added.structured_content == {"sum": 3, "terms": [1, 2]}
    received = next(entry for entry in pair.upstream.record() if entry["rpc"] == "tools/call")
    assert received["name"] == "echo"
    assert received["body"]["params"]["arguments"] == {"text": "hello"}
    assert received["body"]["params"]["_meta"][VENDOR] == "of the client"


@requirement("tools.content", "resources.unlisted")
@pairs(RAW)
async def test_content_of_every_kind_comes_back(pair: Pair) -> None:
    async with pair.client() as client:
        (image,) = (await client.call_tool(pair.name("image"))).content
        assert (image.data, image.mime_type, image.annotations.priority) == (PIXEL, "image/png", 0.9)
        notes, pixel, embedded = (await client.call_tool(pair.name("link"))).content
        assert (str(notes.uri), notes.size) == (pair.uri("text://raw/notes"), 37)
        assert str(pixel.uri) == pair.uri("blob://raw/pixel.png")
        assert str(embedded.resource.uri) == pair.uri("text://raw/unlisted")
        assert embedded.resource.meta == {VENDOR: "embedded"}
        read = [(await client.read_resource(each))[0] for each in (notes.uri, pixel.uri, embedded.resource.uri)]
        assert [getattr(each, "text", None) for each in read][2] == "Not on any list."


@requirement("tools.content")
@pairs(RAW)
async def test_content_that_nobody_knows_becomes_text(pair: Pair) -> None:
    async with pair.client() as client:
        unknown, known = (await client.call_tool(pair.name("unknown_content"))).content
    assert unknown.text == '{"type":"hologram","beams":[1,2]}'
    assert known.text == "beside a hologram"


@requirement("tools.is-error")
@pairs(RAW)
async def test_a_failure_of_the_tools_own_keeps_its_content(pair: Pair) -> None:
    async with pair.client() as client:
        failed = await client.call_tool(pair.name("fail"), {"message": "no such thing"}, raise_on_error=False)
    assert failed.is_error
    assert [each.type for each in failed.content] == ["text", "image"]
    assert failed.content[0].text == "no such thing"


@requirement("tools.is-error")
@pairs([kind for kind in KINDS if not kind.is_raw])
async def test_a_failure_of_an_sdks_tool_says_why(pair: Pair) -> None:
    async with pair.client() as client:
        with pytest.raises(ToolError, match="no such thing"):
            await client.call_tool(pair.name("fail"), {"message": "no such thing"})


@requirement("tools.unknown")
@pairs()
async def test_an_unknown_tool_is_a_protocol_error(pair: Pair) -> None:
    async with pair.client() as client:
        with pytest.raises(MCPError, match="Unknown tool") as refusal:
            await client.call_tool(pair.name("nothing"))
    assert refusal.value.error.code == INVALID_PARAMS


@requirement("tools.unknown")
@pytest.mark.parametrize("name", ["nothing", "nobody_echo", "own_nothing", "", "modern", "_", "modern_"])
@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_a_name_that_nobody_has_is_a_protocol_error(gateway: Served, era, name: str) -> None:
    async with wire(gateway.url, era) as client:
        assert (await client.call(name)).error["code"] == INVALID_PARAMS


@requirement("tools.headers")
@pairs([kind for kind in RAW if kind.era == "modern" and kind.transport == "http"])
async def test_parameters_go_into_the_headers_that_the_upstream_asks_for(pair: Pair) -> None:
    async with pair.client() as client:
        await client.list_tools()  # whose schemas tell the client which headers to send
        for region in ("eu-west", "Zürich"):
            sent = await client.call_tool(pair.name("header"), {"region": region, "paging": {"limit": 5}})
            assert sent.structured_content["region"] == region
    headers = [entry["headers"] for entry in pair.upstream.record() if entry["rpc"] == "tools/call"]
    assert [each["mcp-name"] for each in headers] == ["header", "header"]
    assert [each["mcp-param-limit"] for each in headers] == ["5", "5"]
    assert headers[0]["mcp-param-region"] == "eu-west"


@requirement("errors.kept")
@pairs(RAW)
async def test_a_json_rpc_error_keeps_code_message_and_data(pair: Pair) -> None:
    async with pair.client() as client:
        for code in (1234, -32099, -32602):
            with pytest.raises(MCPError) as failure:
                await client.call_tool(pair.name("error"), {"code": code, "message": "too bad"})
            assert failure.value.error.code == code
            assert failure.value.error.message == "too bad"
            assert failure.value.error.data == {"from": "raw", "nested": [1, {"two": None}]}


@requirement("meta.vendor")
@pairs(RAW)
async def test_keys_of_the_clients_own_connection_stay_behind(pair: Pair) -> None:
    assert isinstance(pair.upstream, Running) or pair.kind.transport == "stdio"
    foreign = {"io.modelcontextprotocol/clientInfo": {"name": "canary", "version": "1"}, "progressToken": "canary"}
    async with wire(pair.gateway.url, pair.client_era) as client:
        await client.call(pair.name("whoami"), meta=foreign)
    assert "canary" not in str(pair.upstream.record())
