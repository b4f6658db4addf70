"""What is relied on in the SDK's transport, which is not its public face, does what is thought of it."""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from fastmcp import FastMCP
from mcp.server.streamable_http import GET_STREAM_KEY, EventMessage, StreamableHTTPServerTransport

from gateway.doors.events import RecentEvents
from gateway.doors.legacy.transport import Transport, transports_of
from gateway.ground.overdue import Overdue
from tests.upstream.peer import until

IDLE = 60.0
UNUSED = 0.01
TOLD = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "look"}}


@asynccontextmanager
async def connected(idle: float | None = IDLE) -> AsyncGenerator[StreamableHTTPServerTransport]:
    made = StreamableHTTPServerTransport("session", event_store=RecentEvents(), idle_timeout=idle)
    async with made.connect():
        yield made


async def test_a_session_has_no_end_while_it_is_used_and_its_whole_time_afterwards() -> None:
    async with connected() as made:
        scope = made.idle_scope
        assert scope is not None
        transport = Transport(made, Overdue(UNUSED))
        with transport:
            with transport:
                assert scope.deadline == math.inf
            assert scope.deadline == math.inf
        await until(lambda: scope.deadline < math.inf)
        left = scope.deadline - anyio.current_time()
    assert IDLE - 5 < left <= IDLE


async def test_a_session_that_is_used_again_at_once_goes_on_without_an_end() -> None:
    async with connected() as made:
        assert made.idle_scope is not None
        unused = Overdue(UNUSED)
        transport = Transport(made, unused)
        with transport:
            pass
        with transport:
            assert repr(unused) == "<Overdue after 0.01 s: 0 waiting>"
            assert made.idle_scope.deadline == math.inf


async def test_a_session_without_a_timer_needs_no_holding() -> None:
    async with connected(None) as made:
        with Transport(made, Overdue(UNUSED)) as held:
            assert held is None
        assert not Transport(made, Overdue(UNUSED)).is_over


async def test_a_session_that_the_sdk_ended_is_over() -> None:
    async with connected() as made:
        assert not Transport(made, Overdue(UNUSED)).is_over
        await made.terminate()
        assert Transport(made, Overdue(UNUSED)).is_over
    async with connected() as made:
        assert made.idle_scope is not None
        made.idle_scope.cancel()  # as when it has been idle for too long
        assert Transport(made, Overdue(UNUSED)).is_over


async def test_what_was_said_can_be_heard_again() -> None:
    store = RecentEvents()
    made = StreamableHTTPServerTransport("session", event_store=store)
    async with made.connect():
        transport = Transport(made, Overdue(UNUSED))
        first = await transport.mark("7")
        assert first is not None
        second = await transport.keep("7", TOLD, is_last=False)
        heard = []

        async def hear(event: object) -> None:
            heard.append(event)

        assert await store.replay_events_after(first, hear) == "7"
    assert [each.event_id for each in heard] == [second]


async def test_without_a_store_nothing_has_an_id() -> None:
    made = StreamableHTTPServerTransport("session")
    async with made.connect():
        assert await Transport(made, Overdue(UNUSED)).mark("7") is None
        assert await Transport(made, Overdue(UNUSED)).keep("7", TOLD, is_last=True) is None


async def test_what_belongs_to_no_request_is_said_to_who_listens() -> None:
    made = StreamableHTTPServerTransport("session")
    async with made.connect():
        send, receive = made._request_streams[GET_STREAM_KEY] = anyio.create_memory_object_stream[EventMessage](1)
        with send, receive:
            await Transport(made, Overdue(UNUSED)).tell(TOLD)
            heard = receive.receive_nowait()
            assert heard.message.model_dump(exclude_unset=True) == TOLD


async def test_a_stream_that_is_not_read_ends_for_its_client_to_take_it_up_again() -> None:
    made = StreamableHTTPServerTransport("session", event_store=RecentEvents())
    async with made.connect():
        send, receive = made._request_streams["7"] = anyio.create_memory_object_stream[EventMessage](1)
        with send, receive:
            for _ in range(3):
                assert await Transport(made, Overdue(UNUSED)).keep("7", TOLD, is_last=False) is not None
            receive.receive_nowait()
            with pytest.raises(anyio.EndOfStream):
                receive.receive_nowait()


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_only_an_app_with_such_sessions_has_any(transport: str) -> None:
    app = FastMCP("x").http_app(path="/mcp", transport=transport)  # ty: ignore[invalid-argument-type]
    find = transports_of(app, "/mcp")
    assert (find is not None) == (transport == "http")
    if find is not None:
        assert find("never given out") is None
