"""Completing the arguments of prompts and templates."""

from pathlib import Path

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


@requirement("completion.advertised")
@pytest.mark.parametrize("era", CLIENTS)
async def test_it_is_advertised_while_some_upstream_has_it(era: Era, raw_modern: Running, tmp_path: Path) -> None:
    async with (
        over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url),
        wire(url, era, open=False) as client,
    ):
        assert "completions" in (await client.open())["capabilities"]
    async with over_http(tmp_path, configuration({})) as (_, url), wire(url, era, open=False) as client:
        assert "completions" not in (await client.open())["capabilities"]
