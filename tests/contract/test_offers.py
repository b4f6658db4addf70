"""What the gateway says that it can do, and what it tells upstreams that a client can."""

import pytest

from tests.contract.conftest import Replica
from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.upstreams.running import Running

CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
ALWAYS = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True},
    "logging": {},
}
each_era = pytest.mark.parametrize("era", CLIENTS)


@requirement("discover.offered")
@each_era
async def test_without_upstreams_there_is_what_services_have(replica: Replica, era: Era) -> None:
    async with replica() as url, wire(url, era, open=False) as client:
        assert (await client.open())["capabilities"] == ALWAYS


@requirement("discover.offered")
@each_era
@pytest.mark.parametrize("upstream", ["raw_modern", "raw_legacy"])
async def test_with_an_upstream_there_is_what_it_has(
    replica: Replica, request: pytest.FixtureRequest, upstream: str, era: Era
) -> None:
    async with replica(raw=request.getfixturevalue(upstream)) as url, wire(url, era, open=False) as client:
        found = (await client.open())["capabilities"]
    assert found == {**ALWAYS, "resources": {"listChanged": True, "subscribe": True}, "completions": {}}


@requirement("discover.hints")
async def test_what_is_discovered_holds_as_long_as_the_lists(replica: Replica, raw_modern: Running) -> None:
    async with replica(raw=raw_modern) as url, wire(url, "modern") as client:
        found = await client.open()
    assert 0 < found["ttlMs"] <= 60_000
    assert found["cacheScope"] == "public"


@requirement("extensions.both")
@pairs([kind for kind in RAW if kind.era == "modern"], clients=["modern"])
async def test_an_upstream_is_told_of_no_extension_that_it_does_not_declare(pair: Pair) -> None:
    declared = {CAPABILITIES: {"extensions": {"com.example/canary": {}}, "roots": {}}}
    async with wire(pair.gateway.url, pair.client_era) as client:
        await client.call(pair.name("echo"), declared, text="hello")
    (received,) = [each for each in pair.upstream.record() if each["rpc"] == "tools/call"]
    assert received["body"]["params"]["_meta"][CAPABILITIES] == {"roots": {}}
