"""Prompts: listed and rendered through every pairing of eras."""

import pytest
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served
from tests.upstreams.raw.definitions import PROMPTS, VENDOR

INVALID_PARAMS = -32602


@requirement("prompts.list")
@pytest.mark.parametrize("era", CLIENTS)
async def test_definitions_come_through_with_their_names_changed_and_nothing_else(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        listed = (await client.ask("prompts/list")).result["prompts"]
    for kind in RAW:
        own = [prompt for prompt in listed if prompt["name"].partition("_")[0] == kind.namespace]
        assert own == [{**prompt, "name": f"{kind.namespace}_{prompt['name']}"} for prompt in PROMPTS]


@requirement("eras.pairing", "prompts.get")
@pairs()
async def test_a_prompt_of_any_upstream_is_rendered_for_any_client(pair: Pair) -> None:
    async with pair.client() as client:
        assert pair.name("greet") in {prompt.name for prompt in await client.list_prompts()}
        greeting = await client.get_prompt(pair.name("greet"), {"name": "Ada", "style": "short"})
        assert [(each.role, each.content.text) for each in greeting.messages] == [
            ("user", "Greet Ada in the short style.")
        ]


@requirement("prompts.get", "meta.vendor")
@pairs(RAW)
async def test_the_whole_prompt_comes_back(pair: Pair) -> None:
    async with pair.client() as client:
        greeting = await client.get_prompt(pair.name("greet"), {"name": "Ada"})
        plain = await client.get_prompt(pair.name("plain"))
    assert greeting.description == "A greeting"
    assert greeting.meta is not None
    assert greeting.meta[VENDOR] == "result greet"
    assert plain.messages[0].content.text == "Plain."
    received = [entry for entry in pair.upstream.record() if entry["rpc"] == "prompts/get"]
    assert [entry["name"] for entry in received] == ["greet", "plain"]


@requirement("prompts.unknown")
@pairs()
async def test_an_unknown_prompt_is_a_protocol_error(pair: Pair) -> None:
    async with pair.client() as client:
        with pytest.raises(MCPError, match="Unknown prompt") as refusal:
            await client.get_prompt(pair.name("nothing"))
    assert refusal.value.error.code == INVALID_PARAMS


@requirement("prompts.unknown")
@pytest.mark.parametrize("name", ["nothing", "nobody_greet", "own_nothing", "", "_"])
@pytest.mark.parametrize("era", CLIENTS)
async def test_a_name_that_nobody_has_is_a_protocol_error(gateway: Served, era: Era, name: str) -> None:
    async with wire(gateway.url, era) as client:
        assert (await client.ask("prompts/get", name=name)).error["code"] == INVALID_PARAMS


@requirement("errors.kept")
@pairs(RAW)
async def test_an_upstreams_own_refusal_of_arguments_comes_back(pair: Pair) -> None:
    async with pair.client() as client:
        with pytest.raises(MCPError, match="Missing argument: name") as refusal:
            await client.get_prompt(pair.name("greet"))
    assert refusal.value.error.code == INVALID_PARAMS
