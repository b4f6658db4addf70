"""Events that were sent of late: found by their own session, in order, and within bounds."""

from dataclasses import dataclass

import pytest
from mcp.server.streamable_http import EventMessage
from mcp_types import JSONRPCNotification, JSONRPCResponse

from gateway.doors import events
from gateway.doors.events import RecentEvents, session_of

ADA, EVE = "32:ada:", "32:eve:"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def said(text: str) -> JSONRPCNotification:
    return JSONRPCNotification(jsonrpc="2.0", method="notifications/message", params={"data": text})


async def replayed(store: RecentEvents, after: str) -> tuple[str | None, list[str]]:
    """The stream that an event belongs to, and what came on it afterwards."""
    heard: list[EventMessage] = []

    async def hear(event: EventMessage) -> None:
        heard.append(event)

    stream = await store.replay_events_after(after, hear)
    notified = [event.message.params for event in heard if isinstance(event.message, JSONRPCNotification)]
    return stream, [params["data"] for params in notified if params is not None]


async def test_what_came_after_is_told_again_of_the_same_stream_alone():
    store = RecentEvents()
    mark = await store.store_event(f"{ADA}1", None)
    first = await store.store_event(f"{ADA}1", said("one"))
    await store.store_event(f"{ADA}2", said("another stream"))
    await store.store_event(f"{EVE}1", said("another session"))
    last = await store.store_event(f"{ADA}1", said("two"))
    assert await replayed(store, mark) == (f"{ADA}1", ["one", "two"])
    assert await replayed(store, first) == (f"{ADA}1", ["two"])
    assert await replayed(store, last) == (f"{ADA}1", [])
    assert await replayed(store, "nothing") == (None, [])


async def test_a_message_is_told_as_it_was_and_under_its_own_id():
    store = RecentEvents()
    mark = await store.store_event(f"{ADA}1", None)
    answer = JSONRPCResponse(jsonrpc="2.0", id="a:b", result={"structuredContent": {"a": None}, "_meta": {"b": [1]}})
    id = await store.store_event(f"{ADA}1", answer)
    heard: list[EventMessage] = []

    async def hear(event: EventMessage) -> None:
        heard.append(event)

    await store.replay_events_after(mark, hear)
    assert heard == [EventMessage(answer, id)]


async def test_an_old_event_is_forgotten():
    clock = Clock()
    store = RecentEvents(clock)
    mark = await store.store_event(f"{ADA}1", None)
    await store.store_event(f"{ADA}1", said("one"))
    clock.now = events.KEPT_SECONDS
    assert await replayed(store, mark) == (f"{ADA}1", ["one"])
    clock.now += 1
    assert await replayed(store, mark) == (None, [])
    assert repr(store) == "<RecentEvents events=0 bytes=0>"


async def test_a_session_pushes_out_its_own_events_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "SESSION_EVENTS", 3)
    store = RecentEvents()
    mark = await store.store_event(f"{EVE}1", None)
    marks = [await store.store_event(f"{ADA}{number}", said(str(number))) for number in range(5)]
    assert [(await replayed(store, each))[0] for each in marks] == [None, None, f"{ADA}2", f"{ADA}3", f"{ADA}4"]
    assert (await replayed(store, mark))[0] == f"{EVE}1"


async def test_so_it_does_by_bytes_but_keeps_the_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "SESSION_BYTES", 1_000)
    store = RecentEvents()
    marks = [await store.store_event(f"{ADA}1", said("x" * 600)) for _ in range(3)]
    assert [(await replayed(store, each))[0] for each in marks] == [None, None, f"{ADA}1"]
    large = await store.store_event(f"{ADA}1", said("x" * 5_000))
    assert (await replayed(store, large))[0] == f"{ADA}1"


@pytest.mark.parametrize(("bound", "most"), [("MOST_EVENTS", 3), ("MOST_BYTES", 2_000)])
async def test_all_sessions_together_have_a_bound(bound: str, most: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, bound, most)
    store = RecentEvents()
    marks = [await store.store_event(f"32:{number}:1", said("x" * 500)) for number in range(5)]
    kept = [(await replayed(store, each))[0] is not None for each in marks]
    assert kept == [False, False, True, True, True]


def test_a_session_is_what_stands_before_the_streams_own_id():
    assert session_of("32:abc:1") == session_of("32:abc:a:b") == "32:abc"
