"""Who the gateway says it is, and what its results carry in each era."""

import pytest

from tests.contract.pairs import CLIENTS, KINDS, RAW, Era
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served

SERVER_INFO = "io.modelcontextprotocol/serverInfo"
MODERN_MEMBERS = {"resultType", "ttlMs", "cacheScope"}


@requirement("discover.identity")
@pytest.mark.parametrize("era", CLIENTS)
async def test_the_handshake_names_the_gateway(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era, open=False) as client:
        about = await client.open()
    info = about["serverInfo"] if era == "legacy" else about["_meta"][SERVER_INFO]
    assert (info["name"], info["version"]) == ("gateway", "0.1.0")
    assert "protocolVersion" in about if era == "legacy" else "2026-07-28" in about["supportedVersions"]


@requirement("discover.identity")
@pytest.mark.parametrize("era", CLIENTS)
async def test_no_upstreams_name_is_in_a_result(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        results = [(await client.call(f"{kind.namespace}_echo", text="hello")).result for kind in KINDS]
        results += [
            (await client.ask("resources/read", uri=f"text://{kind.namespace}/raw/notes")).result for kind in RAW
        ]
    named = [result.get("_meta", {}).get(SERVER_INFO) for result in results]
    assert {info and info["name"] for info in named} <= ({"gateway"} if era == "modern" else {None, "gateway"})


@requirement("discover.instructions")
@pytest.mark.parametrize("era", CLIENTS)
async def test_instructions_are_those_of_all_upstreams_under_their_namespaces(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era, open=False) as client:
        instructions = (await client.open())["instructions"]
    whole = "\n\n".join(f"# {kind.namespace}\nInstructions of {_name(kind.home)}." for kind in KINDS)
    assert instructions == whole


@requirement("eras.result-shape")
@pytest.mark.parametrize("era", CLIENTS)
async def test_members_that_only_modern_results_have(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        results = [
            (await client.ask("tools/list")).result,
            (await client.ask("resources/read", uri="text://modern/raw/notes")).result,
            (await client.ask("resources/read", uri="text://session/raw/notes")).result,
            *[(await client.call(f"{kind.namespace}_echo", text="hello")).result for kind in KINDS],
        ]
    for result in results:
        if era == "legacy":
            assert not MODERN_MEMBERS & result.keys()
        else:
            assert result["resultType"] == "complete"


def _name(home: str) -> str:
    return "raw" if home == "raw" else f"{home}-upstream"
