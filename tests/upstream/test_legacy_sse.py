"""The event stream of 2024-11-05: one stream in, posts out to where it says, within one origin."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from gateway.errors import SessionLost, UpstreamBroken, UpstreamLost, UpstreamTooLarge
from gateway.upstream.duplex import DuplexSession
from gateway.upstream.http_wire import UpstreamHttpError
from gateway.upstream.legacy_sse import SseChannel
from gateway.upstream.listener import SILENT
from tests.upstream.fronts import Ear, text_of
from tests.upstream.peer import ASKED, CLOSE, LEFT, answer, chunked, peer

ENDPOINT = b"event: endpoint\ndata: /messages?id=1\n\n"
TAKEN = answer(b"", status="202 Accepted")


def stream(*events: bytes, end: bool = False) -> bytes:
    return chunked(*events, end=end)


@pytest.fixture
async def session(raw_sse_upstream, wire) -> AsyncGenerator[DuplexSession]:
    channel = await SseChannel.open(wire(raw_sse_upstream.url, headers={"X-Tenant": "acme"}))
    session = DuplexSession("raw", channel, "sse", {"elicitation": {}})
    await session.open("legacy", 5)
    yield session
    await session.close()


async def test_a_stream_and_its_posts(session, raw_sse_upstream):
    result = await session.request("tools/call", {"name": "echo", "arguments": {"text": "a"}}, SILENT, {})
    assert text_of(result) == "a"
    opening, *posts = raw_sse_upstream.record()
    assert (opening["http"], opening["path"], opening["headers"]["accept"]) == ("GET", "/sse", "text/event-stream")
    assert [(each["http"], each["path"], each["rpc"]) for each in posts] == [
        ("POST", "/messages", "initialize"),
        ("POST", "/messages", "notifications/initialized"),
        ("POST", "/messages", "tools/call"),
    ]
    assert {each["headers"]["x-tenant"] for each in (opening, *posts)} == {"acme"}
    assert len({each["connection"] for each in posts}) <= 2  # one more where an answer was not over yet


async def test_progress_and_a_question_come_over_the_stream(session):
    ear = Ear({"elicitation/create": {"action": "accept", "content": {"answer": "blue"}}}, progress=True)
    await session.request("tools/call", {"name": "progress", "arguments": {"steps": 2}}, ear.listener, {})
    arguments = {"question": "Which colour?"}
    result = await session.request("tools/call", {"name": "ask", "arguments": arguments}, ear.listener, {})
    assert ear.steps == [1, 2, 0]  # `ask` tells of its first question, too
    assert result["structuredContent"]["answer"] == "blue"


async def test_leaving_cancels_the_call_upstream(session, raw_sse_upstream):
    arguments = {"name": "slow", "arguments": {"seconds": 30}}
    running = asyncio.create_task(session.request("tools/call", arguments, SILENT, {}))
    await raw_sse_upstream.wait_for("started", "slow")
    running.cancel()
    (ended,) = await raw_sse_upstream.wait_for("cancelled", "slow", deadline=1.0)
    assert ended["by"] == "notification"


async def test_closing_drops_the_stream(session, raw_sse_upstream):
    await session.close()
    await raw_sse_upstream.wait_for("cancelled", "GET")


async def test_the_end_of_the_stream_is_told_to_the_call(session, raw_sse_upstream):
    arguments = {"name": "slow", "arguments": {"seconds": 30}}
    running = asyncio.create_task(session.request("tools/call", arguments, SILENT, {}))
    await raw_sse_upstream.wait_for("started", "slow")
    raw_sse_upstream.control(drop_streams=True)
    with pytest.raises(UpstreamLost) as failure:
        await running
    assert failure.value.reason.endswith("It is not known whether the call ran.")


@pytest.mark.parametrize(
    ("endpoint", "target"),
    [
        (b"/messages?id=1", "/messages?id=1"),
        (b"messages", "/messages"),
        (b"{origin}/messages/", "/messages/"),
        (b"/m\xc3\xbcll \xff", "/m%C3%BCll%20%EF%BF%BD"),
    ],
)
async def test_where_to_post(wire, endpoint, target):
    event = b"event: endpoint\r\ndata: " + endpoint + b"\r\n\r\n"
    begun = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    async with peer([ASKED, begun + event, LEFT], [ASKED, TAKEN]) as other:
        channel = await SseChannel.open(wire(other.url))
        await channel.send(b"{}")
        await channel.close()
    assert other.asked[1].line == f"POST {target} HTTP/1.1"


@pytest.mark.parametrize(
    "endpoint", [b"http://other.example/messages", b"//other.example/", b"http://[", b"https://127.0.0.1/"]
)
async def test_an_endpoint_elsewhere_gets_no_credential(wire, endpoint):
    async with peer([ASKED, stream(b"event: endpoint\ndata: " + endpoint + b"\n\n"), LEFT]) as other:
        with pytest.raises(UpstreamBroken) as failure:
            await SseChannel.open(wire(other.url))
    assert failure.value.reason == "names an endpoint on another origin, where our credential must not go."


@pytest.mark.parametrize(
    "sent",
    [stream(b"data: x\n\n"), stream(end=True), answer(b"<p>Hello"), answer(b"", "Content-Type: text/event-stream")],
)
async def test_what_is_no_such_stream(wire, sent):
    async with peer([ASKED, sent, CLOSE]) as other:
        with pytest.raises(UpstreamBroken) as failure:
            await SseChannel.open(wire(other.url))
    assert failure.value.reason == "sent no endpoint on its event stream. Check its url and transport."


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found", "405 Method Not Allowed"])
async def test_another_status(wire, status):
    async with peer([ASKED, answer(b"", status=status)]) as other:
        with pytest.raises(UpstreamHttpError) as failure:
            await SseChannel.open(wire(other.url))
    assert failure.value.status == int(status[:3])


async def test_giving_up_before_the_endpoint_came_drops_the_stream(wire):
    async with peer([ASKED, stream(b": ping\n\n"), LEFT]) as other:
        mine = wire(other.url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await SseChannel.open(mine)
        assert repr(mine.client).endswith("busy=0 idle=0>")


@pytest.mark.parametrize(
    ("status", "kind"),
    [("404 Not Found", SessionLost), ("400 Bad Request", UpstreamHttpError), ("500 No", UpstreamHttpError)],
)
async def test_a_post_that_is_refused(wire, status, kind):
    body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'
    async with peer(
        [ASKED, stream(ENDPOINT), LEFT], [ASKED, answer(body, "Content-Type: application/json", status=status)]
    ) as other:
        channel = await SseChannel.open(wire(other.url))
        with pytest.raises(kind):
            await channel.send(b"{}")
        await channel.close()


async def test_events_without_data_or_of_another_kind_are_no_messages(wire):
    events = [b"id: 1\ndata:\n\n", b"event: ping\ndata: x\n\n", b": ping\n\n", b"data: a\n\n"]
    async with peer([ASKED, stream(ENDPOINT, *events, end=True), CLOSE]) as other:
        channel = await SseChannel.open(wire(other.url))
        assert [message async for message in channel.receive()] == [b"a"]
        assert await channel.last_words() == " (its event stream ended)"
        await channel.close()
        await channel.close()


async def test_an_event_beyond_the_limit_ends_it(wire):
    async with peer([ASKED, stream(ENDPOINT, b"data: " + b"x" * 500 + b"\n", b"data: " + b"x" * 500), LEFT]) as other:
        channel = await SseChannel.open(wire(other.url, max_body=1000))
        with pytest.raises(UpstreamTooLarge):
            await anext(aiter(channel.receive()))
        await channel.close()


async def test_a_stream_has_no_limit_in_all(wire):
    events = [b"data: " + b"x" * 400 + b"\n\n"] * 50
    async with peer([ASKED, stream(ENDPOINT, *events, end=True)]) as other:
        channel = await SseChannel.open(wire(other.url, max_body=1000))
        assert len([message async for message in channel.receive()]) == 50
        await channel.close()
