"""Lists in pages: whole together, led on by the same cursors at every replica, and refused with any other."""

from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from gateway.app import create_gateway
from gateway.model.route import Kind
from tests.contract.conftest import Replica
from tests.contract.pairs import CLIENTS, Era
from tests.contract.requirements import requirement
from tests.contract.wire import Wire, wire
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import raw_http
from tests.upstreams.running import Running

SMALL = "\n[server]\npage_size = 3"
INVALID_PARAMS = -32602
LISTS = {
    "tools/list": "tools",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}

each_era = pytest.mark.parametrize("era", CLIENTS)
each_list = pytest.mark.parametrize("method", LISTS)


async def pages(client: Wire, method: str) -> list[dict[str, Any]]:
    """Every page of a list, as it came."""
    found = [(await client.ask(method)).result]
    while "nextCursor" in found[-1]:
        found.append((await client.ask(method, cursor=found[-1]["nextCursor"])).result)
    return found


@requirement("pages.whole")
@each_era
async def test_all_pages_together_are_the_list(replica: Replica, raw_modern: Running, era: Era) -> None:
    async with (
        replica(SMALL, raw=raw_modern) as small,
        replica(raw=raw_modern) as large,
        wire(small, era) as paged,
        wire(large, era) as whole,
    ):
        for method, key in LISTS.items():
            cut, (one,) = await pages(paged, method), await pages(whole, method)
            assert [entry for page in cut for entry in page[key]] == one[key]
            assert [len(page[key]) for page in cut[:-1]] == [3] * (len(cut) - 1)
            assert len(cut) == -(-len(one[key]) // 3)


@requirement("pages.replicas")
@each_era
async def test_a_cursor_leads_on_at_another_replica(replica: Replica, raw_modern: Running, era: Era) -> None:
    async with (
        replica(SMALL, raw=raw_modern) as one,
        replica(SMALL, raw=raw_modern) as other,
        wire(one, era) as first,
        wire(other, era) as second,
    ):
        begun = (await first.ask("tools/list")).result
        ends = [(await each.ask("tools/list", cursor=begun["nextCursor"])).result for each in (first, second)]
    assert ends[0]["tools"] == ends[1]["tools"]
    assert not {tool["name"] for tool in begun["tools"]} & {tool["name"] for tool in ends[0]["tools"]}


@requirement("pages.replicas")
async def test_both_doors_cut_the_same_pages(replica: Replica, tmp_path: Path, raw_modern: Running) -> None:
    other = create_gateway(written(tmp_path, configuration({"raw": raw_modern})))
    async with (
        replica(SMALL, raw=raw_modern) as one,
        wire(one, "modern") as client,
        Client(other),
    ):
        await other.runtime.heard()
        kinds: dict[str, Kind] = {"tools/list": "tool", "resources/list": "resource", "prompts/list": "prompt"}
        for method, kind in kinds.items():
            cursors = [page.get("nextCursor") for page in await pages(client, method)]
            encoded = other.runtime.catalog.lists[kind]
            assert [encoded.page(cursor, 3)[1] for cursor in (None, *cursors[:-1])] == cursors


@requirement("pages.bad-cursor")
@each_era
@each_list
async def test_a_cursor_that_is_none_of_ours_is_refused(
    replica: Replica, raw_modern: Running, era: Era, method: str
) -> None:
    async with replica(SMALL, raw=raw_modern) as url, wire(url, era) as client:
        foreign = (await client.ask("tools/list" if method != "tools/list" else "prompts/list")).result
        for cursor in ("", "2", "eyJvIjogM30=", foreign.get("nextCursor", "page-3")):
            error = (await client.ask(method, cursor=cursor)).error
            assert (error["code"], error["data"]["kind"]) == (INVALID_PARAMS, "invalid_params")


@requirement("pages.stable")
async def test_a_cursor_leads_on_after_an_upstream_changed(replica: Replica) -> None:
    async with (
        raw_http(era="modern") as upstream,
        replica(SMALL, raw=upstream) as url,
        wire(url, "modern") as client,
    ):
        begun = (await client.ask("tools/list")).result
        upstream.control(extra=["newcomer"])
        await client.call("raw_newcomer")  # an unknown name has the listing refreshed
        rest = [(await client.ask("tools/list", cursor=begun["nextCursor"])).result]
        while "nextCursor" in rest[-1]:
            rest.append((await client.ask("tools/list", cursor=rest[-1]["nextCursor"])).result)
    names = [tool["name"] for page in (begun, *rest) for tool in page["tools"]]
    assert len(set(names)) == len(names)
    assert "raw_newcomer" in names


@requirement("pages.default")
async def test_a_thousand_tools_are_one_page_unless_it_is_set_otherwise(replica: Replica) -> None:
    async with (
        raw_http(era="modern", tools=1000) as upstream,
        replica(raw=upstream) as url,
        wire(url, "modern") as client,
    ):
        result = (await client.ask("tools/list")).result
    assert len(result["tools"]) > 1000
    assert "nextCursor" not in result
