"""Sessions are known while the SDK has them, and within a bound."""

import asyncio
from typing import Any

from mcp.server.streamable_http import StreamableHTTPServerTransport

from gateway.doors.legacy.reply import LegacyReply
from gateway.doors.legacy.sessions import LegacySessions, Request, Session
from gateway.doors.legacy.transport import Transport
from gateway.ground.overdue import Overdue


def made(id: str) -> tuple[Session, StreamableHTTPServerTransport]:
    transport = StreamableHTTPServerTransport(id)
    return Session(id, "key:ada", "2025-11-25", {}, Transport(transport, Overdue(1.0))), transport


def test_the_longest_unused_is_forgotten_past_the_bound() -> None:
    sessions = LegacySessions(limit=2)
    for id in ("a", "b"):
        sessions.add(made(id)[0])
    assert sessions.find(b"a") is not None
    sessions.add(made("c")[0])
    assert [sessions.find(id) is not None for id in (b"a", b"b", b"c")] == [True, False, True]


async def test_one_that_is_over_is_not_found() -> None:
    sessions = LegacySessions()
    session, transport = made("a")
    sessions.add(session)
    await transport.terminate()
    assert sessions.find(b"a") is None
    assert len(sessions) == 0


async def test_those_that_are_over_make_room_for_new_ones() -> None:
    sessions = LegacySessions()
    for id in ("a", "b"):
        session, transport = made(id)
        sessions.add(session)
        await transport.terminate()
    sessions.add(made("c")[0])
    assert len(sessions) == 1


async def test_a_request_runs_under_its_id_and_is_ended_once() -> None:
    session, _ = made("a")
    reply = LegacyReply(_send, session.transport, session.header, 5, is_marked=True)
    started = asyncio.Event()

    async def answering() -> tuple[int, str] | None:
        request = Request(session, 5, reply, Overdue(60.0))
        try:
            with request:
                started.set()
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            return request.ended

    task = asyncio.create_task(answering())
    await started.wait()
    assert session.runs(5)
    assert not session.end_request(6, 1, "other")
    assert not session.end_request(None, 1, "none")
    assert session.end_request(5, -32800, "Request cancelled")
    assert not session.end_request(5, 1, "again")
    assert await task == (-32800, "Request cancelled")
    assert not session.runs(5)


async def test_a_request_that_ends_in_time_leaves_nothing_behind() -> None:
    session, _ = made("a")
    young = Overdue(60.0)
    reply = LegacyReply(_send, session.transport, session.header, 5, is_marked=True)
    with Request(session, 5, reply, young):
        assert repr(young) == "<Overdue after 60 s: 1 waiting>"
    assert repr(young) == "<Overdue after 60 s: 0 waiting>"
    assert reply.staying is None


async def test_what_kept_a_late_answer_open_has_ended_before_the_answer() -> None:
    session, _ = made("a")
    sent: list[Any] = []
    opened = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        opened.set()

    reply = LegacyReply(send, session.transport, session.header, 5, is_marked=False)
    with Request(session, 5, reply, Overdue(0.0)):
        await opened.wait()
    assert reply.staying is not None
    await reply.result({})
    assert reply.staying.cancelled()
    assert [each.get("more_body") for each in sent] == [None, False]


async def _send(_: object) -> None:
    raise AssertionError("nothing is said")
