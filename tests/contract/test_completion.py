"""Completing the arguments of prompts and templates."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Running
from tests.upstreams.raw.definitions import ITEM_PREFIX


@requirement("completion.routed")
@pairs(RAW)
async def test_an_argument_of_a_prompt_is_completed_by_its_owner(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        answer = await client.ask(
            "completion/complete",
            ref={"type": "ref/prompt", "name": pair.name("greet")},
            argument={"name": "style", "value": "f"},
        )
    assert answer.result["completion"]["values"] == ["formal", "friendly"]


@requirement("completion.routed")
@pairs(RAW)
async def test_an_argument_of_a_template_is_completed_by_its_owner(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        answer = await client.ask(
            "completion/complete",
            ref={"type": "ref/resource", "uri": pair.uri(ITEM_PREFIX + "{id}")},
            argument={"name": "id", "value": ""},
        )
    assert answer.result["completion"] == {"values": ["1", "2", "3"], "total": 3, "hasMore": False}


@requirement("completion.routed")
@pairs(RAW[:1])
async def test_an_unknown_prompt_is_an_error(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        answer = await client.ask(
            "completion/complete",
            ref={"type": "ref/prompt", "name": "nobody_greets"},
            argument={"name": "style", "value": ""},
        )
    assert answer.error["code"] == -32602


GUESS = '[services.guess]\nmodule = "tests.gateways.completing:server"'

each_client = pytest.mark.parametrize("era", CLIENTS)


@requirement("completion.service")
@each_client
async def test_arguments_of_a_service_are_completed_by_the_service(era: Era, tmp_path: Path) -> None:
    paint = {"type": "ref/prompt", "name": "guess_paint"}
    async with over_http(tmp_path, configuration({}, GUESS)) as (_, url), wire(url, era) as client:

        async def completed(ref: dict[str, str], name: str, value: str, **more: Any) -> dict[str, Any]:
            argument = {"name": name, "value": value}
            return (await client.ask("completion/complete", ref=ref, argument=argument, **more)).result["completion"]

        assert (await completed(paint, "colour", "bl"))["values"] == ["blue", "black"]
        shades = await completed(paint, "shade", "", context={"arguments": {"colour": "red"}})
        assert shades["values"] == ["light red"]
        shelf = {"type": "ref/resource", "uri": "text://guess/shelf/{number}"}
        numbers = await completed(shelf, "number", "")
        assert (len(numbers["values"]), numbers["total"], numbers["hasMore"]) == (100, 150, True)
        assert (await completed({"type": "ref/prompt", "name": "own_greet"}, "name", ""))["values"] == []


@requirement("completion.advertised")
@each_client
async def test_it_is_advertised_while_somebody_completes_anything(
    era: Era, raw_modern: Running, tmp_path: Path
) -> None:
    texts = {configuration({"raw": raw_modern}): True, configuration({}, GUESS): True, configuration({}): False}
    for text, offered in texts.items():
        async with over_http(tmp_path, text) as (_, url), wire(url, era, open=False) as client:
            assert ("completions" in (await client.open())["capabilities"]) is offered
