"""What is written in one turn leaves in a row at its end, and nothing of it is lost, late or out of order."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from gateway.ground.turn import MOST_HELD, MOST_HOLDING, HeldTransport, held


class Wire:
    """What left, over which transport, in which order."""

    def __init__(self) -> None:
        self.left: list[tuple[str, bytes]] = []

    def transport(self, name: str) -> HeldTransport:
        """One more transport of the running loop."""
        inner: Any = Transport(self, name)
        return held(inner, asyncio.get_running_loop())


class Transport:
    def __init__(self, wire: Wire, name: str):
        self._wire = wire
        self._name = name
        self._closing = False

    def write(self, data: bytes) -> None:
        assert not self._closing, "uvloop raises here"
        self._wire.left.append((self._name, data))

    def close(self) -> None:
        self._closing = True

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 5

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, name: str) -> str:
        return name


@pytest.fixture
def wire() -> Wire:
    return Wire()


async def test_all_of_a_turn_leaves_at_its_end_in_order(wire: Wire) -> None:
    one, two = wire.transport("one"), wire.transport("two")
    one.write(b"a")
    two.write(b"b")
    one.write(b"c")
    assert wire.left == []
    await asyncio.sleep(0)
    assert wire.left == [("one", b"ac"), ("two", b"b")]


async def test_each_turn_has_its_end(wire: Wire) -> None:
    one = wire.transport("one")
    for data in (b"a", b"b"):
        one.write(data)
        await asyncio.sleep(0)
    assert wire.left == [("one", b"a"), ("one", b"b")]


async def test_what_is_much_leaves_at_once_after_what_was_before(wire: Wire) -> None:
    one, much = wire.transport("one"), b"x" * MOST_HELD
    one.write(b"a")
    one.write(much)
    assert wire.left == [("one", b"a" + much)]
    await asyncio.sleep(0)
    assert wire.left == [("one", b"a" + much)]


async def test_many_do_not_wait_for_one_another(wire: Wire) -> None:
    for number in range(MOST_HOLDING + 1):
        wire.transport(str(number)).write(b"a")
    assert len(wire.left) == MOST_HOLDING
    await asyncio.sleep(0)
    assert len(wire.left) == MOST_HOLDING + 1


async def test_what_is_held_leaves_before_the_end_of_a_connection(wire: Wire) -> None:
    one = wire.transport("one")
    one.write(b"a")
    one.close()
    assert wire.left == [("one", b"a")]
    await asyncio.sleep(0)
    assert wire.left == [("one", b"a")]


async def test_a_connection_that_is_gone_costs_the_others_nothing(wire: Wire) -> None:
    dropped, lost, good = wire.transport("dropped"), wire.transport("lost"), wire.transport("good")
    for each in (dropped, lost, good):
        each.write(b"a")
    dropped.abort()
    lost._transport.close()
    await asyncio.sleep(0)
    assert wire.left == [("good", b"a")]


async def test_nothing_is_written_for_nothing(wire: Wire) -> None:
    wire.transport("one").write(b"")
    await asyncio.sleep(0)
    assert wire.left == []


async def test_what_is_held_counts_as_not_sent(wire: Wire) -> None:
    one = wire.transport("one")
    assert one.get_write_buffer_size() == 5
    one.write(b"abc")
    assert one.get_write_buffer_size() == 8
    await asyncio.sleep(0)
    assert one.get_write_buffer_size() == 5


async def test_in_all_else_it_is_the_transport(wire: Wire) -> None:
    one = wire.transport("one")
    assert not one.is_closing()
    assert one.get_extra_info("peername") == "peername"
    one.close()
    assert one.is_closing()


def test_a_loop_that_is_over_is_not_kept(wire: Wire) -> None:
    async def write() -> None:
        wire.transport("one").write(b"a")
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(write())
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
