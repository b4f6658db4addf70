"""What the gateway says of itself: the same at both doors, and anew with each catalog."""

from pathlib import Path
from typing import Any

import pytest

from tests.doors.both import Door, Taken, door, key
from tests.gateways.kit import configuration
from tests.upstreams.kit import Running


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken = Taken()
    taken.wrap(monkeypatch)
    return taken


async def discovered(at: Door, **params: Any) -> dict[str, Any]:
    """What is discovered, without the time for which it may be kept: that goes on meanwhile."""
    answer = await at.client.ask("server/discover", **params)
    assert answer.status == 200
    assert answer.result.pop("ttlMs") >= 0
    return answer.result


@pytest.mark.parametrize("scopes", [None, ["own_shout"]], ids=str)
@pytest.mark.parametrize("with_upstream", [True, False])
async def test_it_is_that_of_the_main_door(
    tmp_path: Path, raw_modern: Running, handed_on: Taken, scopes: list[str] | None, with_upstream: bool
) -> None:
    text = configuration({"raw": raw_modern} if with_upstream else {})
    more, headers = 'instructions = "Ask first."\n', key(tmp_path, scopes)
    async with door(tmp_path, text, express=True, more=more, headers=headers) as at:
        handed_on.bodies.clear()
        ready = [await discovered(at) for _ in range(2)]
        assert handed_on.bodies == []
    async with door(tmp_path, text, express=False, more=more, headers=headers) as at:
        assert ready == [await discovered(at)] * 2
    assert "Ask first." in ready[0]["instructions"]


@pytest.mark.parametrize("express", [True, False])
@pytest.mark.parametrize(
    ("scopes", "told"), [(None, True), (["raw_echo"], True), (["raw:read"], True), (["own_shout"], False)]
)
async def test_who_may_use_nothing_of_an_upstream_is_not_told_how(
    tmp_path: Path, raw_modern: Running, scopes: list[str] | None, told: bool, express: bool
) -> None:
    headers = key(tmp_path, scopes)
    async with door(tmp_path, configuration({"raw": raw_modern}), express=express, headers=headers) as at:
        instructions = (await discovered(at)).get("instructions", "")
    assert ("# raw" in instructions) is told


async def test_what_an_upstream_comes_to_offer_is_said(tmp_path: Path, raw_modern: Running, handed_on: Taken) -> None:
    raw_modern.control(fault="hang")
    async with door(tmp_path, configuration({"raw": raw_modern}), express=True) as at:
        before = await discovered(at)
        raw_modern.control()
        await at.gateway.runtime.upstreams["raw"].ask_again()
        after = await discovered(at)
    assert "completions" not in before["capabilities"]
    assert "completions" in after["capabilities"]
    assert handed_on.bodies == []


async def test_what_code_has_added_is_for_the_main_door_to_say(tmp_path: Path, handed_on: Taken) -> None:
    async with door(tmp_path, configuration({}), express=True) as at:
        at.gateway.prompt(_late)
        await discovered(at)
        assert len(handed_on.bodies) == 1


async def test_further_parameters_are_left_to_the_main_door(tmp_path: Path, handed_on: Taken) -> None:
    async with door(tmp_path, configuration({}), express=True) as at:
        await discovered(at, more=1)
    assert len(handed_on.bodies) == 1


def _late() -> str:
    return "late"
