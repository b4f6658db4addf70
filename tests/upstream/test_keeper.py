"""When it looks: at once, after a while, when it is wanted; and one look at a time."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from gateway.upstream import keeper as module
from gateway.upstream import spacing
from gateway.upstream.keeper import Keeper


class Looks:
    """An upstream whose looks a test ends: with whether they went well, or with what went wrong."""

    def __init__(self, every: float = 300.0):
        self.begun: asyncio.Queue[bool] = asyncio.Queue()
        self.results: asyncio.Queue[bool | Exception] = asyncio.Queue()
        self.limited = 0.0
        self.trimmed = asyncio.Event()
        self.keeper = Keeper("up", self.look, every, lambda: self.limited, self.trimmed.set, trim_every=0.01)

    async def look(self, called: bool) -> bool:
        self.begun.put_nowait(called)
        result = await self.results.get()
        if isinstance(result, Exception):
            raise result
        return result

    async def one(self, result: bool | Exception = True) -> bool:
        """The next look, from its beginning to its end; whether it was told that somebody waits."""
        async with asyncio.timeout(5):
            called = await self.begun.get()
            over = asyncio.create_task(self.keeper.next_round())
            self.results.put_nowait(result)
            await over
            return called


@pytest.fixture
async def looks() -> AsyncGenerator[Looks]:
    looks = Looks()
    looks.keeper.start()
    yield looks
    await looks.keeper.close()


async def test_it_looks_at_its_start_and_then_when_it_is_wanted(looks):
    assert await looks.one() is False
    looks.keeper.want()
    assert await looks.one() is False
    assert looks.keeper.want_for_call()
    assert await looks.one() is True
    assert looks.begun.empty()
    assert repr(looks.keeper) == "<Keeper up rounds=3 failures=0>"


async def test_what_is_wanted_during_a_look_is_one_more_look(looks):
    async with asyncio.timeout(5):
        await looks.begun.get()
    for _ in range(3):
        looks.keeper.want()
    looks.results.put_nowait(True)
    await looks.one()
    assert looks.begun.empty()


async def test_after_a_while_it_looks_by_itself():
    looks = Looks(every=0.01)
    looks.keeper.start()
    for _ in range(3):
        await looks.one()
    await looks.keeper.close()


@pytest.mark.parametrize("failure", [False, LookupError("the catalog cannot be built")], ids=["unwell", "raised"])
async def test_it_looks_again_soon_after_one_that_failed(looks, failure, monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.01,))
    await looks.one(failure)
    await looks.one()
    assert repr(looks.keeper) == "<Keeper up rounds=2 failures=0>"


async def test_what_is_idle_is_trimmed_between_two_looks(looks):
    await looks.one()
    async with asyncio.timeout(5):
        await looks.trimmed.wait()


async def test_names_that_nobody_has_are_looked_for_so_often_and_no_more(looks):
    await looks.one()
    for _ in range(module.MAX_ASKED):
        assert looks.keeper.want_for_call()
        await looks.one()
    assert not looks.keeper.want_for_call()
    looks.keeper.want_whatever()
    assert await looks.one() is True


async def test_one_that_wants_to_be_left_alone_is_not_asked_for_a_name(looks):
    await looks.one()
    looks.limited = 60.0
    assert not looks.keeper.want_for_call()


async def test_closing_ends_a_look(looks):
    async with asyncio.timeout(5):
        await looks.begun.get()
        await looks.keeper.close()
    assert looks.keeper.rounds == 0


async def test_changes_are_looked_at_at_once_and_then_after_a_pause(looks, monkeypatch):
    monkeypatch.setattr(spacing, "APART_SECONDS", (0.05,))
    await looks.one()
    looks.keeper.changed()
    await looks.one()
    began = time.monotonic()
    for _ in range(100):
        looks.keeper.changed()
    await looks.one()
    assert time.monotonic() - began > 0.04
    assert looks.begun.empty()


async def test_a_change_that_is_told_during_a_look_is_looked_at_after_it(looks, monkeypatch):
    monkeypatch.setattr(spacing, "APART_SECONDS", (0.01,))
    async with asyncio.timeout(5):
        await looks.begun.get()
    looks.keeper.changed()
    looks.results.put_nowait(True)
    await looks.one()
    assert looks.begun.empty()


async def test_a_change_waits_for_as_long_as_the_upstream_wants_to_be_left_alone(looks):
    await looks.one()
    looks.limited = 0.05
    began = time.monotonic()
    looks.keeper.changed()
    await looks.one()
    assert time.monotonic() - began > 0.04


async def test_a_look_for_another_reason_takes_in_what_was_told(looks, monkeypatch):
    monkeypatch.setattr(spacing, "APART_SECONDS", (60.0,))
    await looks.one()
    for _ in range(2):
        looks.keeper.changed()
        looks.keeper.want()
        await looks.one()
    assert looks.keeper._later is None
