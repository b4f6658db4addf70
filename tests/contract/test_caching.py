"""Hints for caches: of merged lists, of what is read, and of nothing else."""

from pathlib import Path
from typing import Any

import pytest

from gateway.policy.keys import KeyStore
from tests.contract.conftest import Replica
from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import Wire, wire
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import raw_http
from tests.upstreams.running import Running

HINTS = {"ttlMs", "cacheScope"}
LISTS = ("tools/list", "resources/list", "resources/templates/list", "prompts/list")
SECOND = 1000


async def tools(client: Wire) -> dict[str, Any]:
    return (await client.ask("tools/list")).result


@requirement("caching.list-ttl")
async def test_a_merged_list_is_fresh_for_the_least_of_what_is_left(replica: Replica, raw_modern: Running) -> None:
    raw_modern.control(ttl_ms=90 * SECOND)
    async with raw_http(era="modern") as shorter:
        shorter.control(ttl_ms=60 * SECOND)
        async with replica(raw=raw_modern, other=shorter) as url, wire(url, "modern") as client:
            first, second = await tools(client), await tools(client)
    assert 0 < second["ttlMs"] <= first["ttlMs"] <= 60 * SECOND
    assert first["cacheScope"] == "public"


@requirement("caching.list-ttl")
@pytest.mark.parametrize("ttl", [-5, 0, "soon"])
async def test_a_list_is_stale_if_one_of_its_upstreams_is(replica: Replica, raw_modern: Running, ttl: Any) -> None:
    raw_modern.control(ttl_ms=ttl)
    async with (
        raw_http(era="modern") as other,
        replica(raw=raw_modern, other=other) as url,
        wire(url, "modern") as client,
    ):
        for method in LISTS:
            result = (await client.ask(method)).result
            assert (result["ttlMs"], result["cacheScope"]) == (0, "public")


@requirement("caching.list-ttl")
async def test_an_absurd_time_makes_a_list_no_fresher_than_the_services_are(
    replica: Replica, raw_modern: Running
) -> None:
    raw_modern.control(ttl_ms=2**62)
    async with replica(raw=raw_modern) as url, wire(url, "modern") as client:
        assert (await tools(client))["ttlMs"] == 300 * SECOND


@requirement("caching.list-scope")
async def test_a_list_is_private_if_one_of_its_upstreams_is_on_every_page(
    replica: Replica, raw_modern: Running
) -> None:
    raw_modern.control(cache_scope="private")
    async with (
        raw_http(era="modern") as other,
        replica("[server]\npage_size = 5", raw=raw_modern, other=other) as url,
        wire(url, "modern") as client,
    ):
        pages = [await tools(client)]
        while "nextCursor" in pages[-1]:
            pages.append((await client.ask("tools/list", cursor=pages[-1]["nextCursor"])).result)
    assert len(pages) > 2
    assert {page["cacheScope"] for page in pages} == {"private"}
    assert all(0 < page["ttlMs"] <= 60 * SECOND for page in pages)


@requirement("caching.list-scope")
async def test_a_list_is_private_where_it_differs_by_caller(tmp_path: Path, raw_modern: Running) -> None:
    _, key = KeyStore(tmp_path / "var").create("reader", ["raw:read"])
    async with (
        over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url),
        wire(url, "modern", {"authorization": f"Bearer {key}"}) as client,
    ):
        results = [(await client.ask(method)).result for method in LISTS]
    assert {result["cacheScope"] for result in results} == {"private"}
    assert all(0 < result["ttlMs"] <= 60 * SECOND for result in results)


@requirement("caching.read")
@pairs([kind for kind in RAW if kind.transport != "stdio"])
async def test_what_is_read_keeps_its_upstreams_hints(pair: Pair) -> None:
    said = {"ttlMs": 5 * SECOND, "cacheScope": "public"}
    pair.upstream.control(ttl_ms=said["ttlMs"], cache_scope=said["cacheScope"])
    async with wire(pair.gateway.url, pair.client_era) as client:
        result = (await client.ask("resources/read", uri=pair.uri("text://raw/notes"))).result
    told = said if pair.kind.era == "modern" else {"ttlMs": 0, "cacheScope": "private"}
    assert {name: result[name] for name in HINTS & result.keys()} == (told if pair.client_era == "modern" else {})


@requirement("caching.read")
@pairs([kind for kind in RAW if kind.era == "modern" and kind.transport != "stdio"], clients=["modern"])
async def test_what_cannot_be_a_time_does_not_spoil_what_is_read(pair: Pair) -> None:
    for ttl in (-5, "soon", 1.5, None):
        pair.upstream.control(ttl_ms=ttl)
        async with wire(pair.gateway.url, pair.client_era) as client:
            result = (await client.ask("resources/read", uri=pair.uri("text://raw/notes"))).result
        assert (result["ttlMs"], result["contents"][0]["uri"]) == (0, pair.uri("text://raw/notes"))


@requirement("caching.read")
@pytest.mark.parametrize("era", CLIENTS)
async def test_what_is_read_from_a_service_has_what_the_service_says(replica: Replica, era: Era) -> None:
    more = '[services.keeping]\nmodule = "tests.gateways.keeping:server"'
    async with replica(more) as url, wire(url, era) as client:
        read = (await client.ask("resources/read", uri="text://keeping/steady")).result
        other = (await client.ask("resources/read", uri="text://own/notes")).result
    assert (read["contents"][0]["uri"], read["contents"][0]["text"]) == ("text://keeping/steady", "Steady.")
    said, silent = ({name: each[name] for name in HINTS & each.keys()} for each in (read, other))
    modern = {"ttlMs": 60 * SECOND, "cacheScope": "public"}, {"ttlMs": 0, "cacheScope": "private"}
    assert (said, silent) == (modern if era == "modern" else ({}, {}))


@requirement("caching.nothing-else")
@pytest.mark.parametrize("era", CLIENTS)
async def test_nothing_else_carries_hints(replica: Replica, raw_modern: Running, era: Era) -> None:
    async with replica(raw=raw_modern) as url, wire(url, era) as client:
        results = [(await client.call("raw_echo", text="hello")).result]
        results += [(await client.ask("prompts/get", name="raw_plain")).result]
        if era == "modern":
            elicits = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
            results += [(await client.call("raw_ask", elicits, question="Sure?")).result]
            assert results[-1]["resultType"] == "input_required"
        else:
            results += [(await client.ask(method)).result for method in LISTS]
    assert not any(HINTS & result.keys() for result in results)
