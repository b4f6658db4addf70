"""A connection from a client: what it reads, when an answer leaves, and when it ends.

That it speaks HTTP as uvicorn does, `test_as_uvicorn.py` shows; here is what a conversation there does not reach.
"""

import asyncio

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.downstream import protocol
from tests.downstream.client import Client, configured

REQUEST = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 2\r\n\r\n{}"
GARBAGE = b"\x16\x03\x01\x02"


async def good(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads what it is asked, and answers."""
    while (await receive()).get("more_body"):
        pass
    await good_answer(send)


async def good_answer(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"good"})


def good_after(event: asyncio.Event) -> ASGIApp:
    """The same, once that is set."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await event.wait()
        await good(scope, receive, send)

    return app


async def test_an_answer_leaves_in_one_piece() -> None:
    client = Client(good)
    await client.sends(REQUEST)
    assert await client.got_with(b"good") == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"


async def test_a_stream_leaves_as_it_is_said() -> None:
    heard = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await heard.wait()
        await send({"type": "http.response.body", "body": b"second"})

    client = Client(app)
    await client.sends(REQUEST)
    await client.got_with(b"5\r\nfirst\r\n")
    heard.set()
    await client.got_with(b"6\r\nsecond\r\n0\r\n\r\n")


async def test_garbage_after_a_request_does_not_take_its_answer() -> None:
    client = Client(good)
    await client.sends(REQUEST + GARBAGE)
    answer = await client.got_all()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"connection: close\r\n\r\ngood")


async def test_garbage_behind_a_request_that_waits_ends_the_one_before_it() -> None:
    client = Client(good)
    await client.sends(REQUEST + b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
    answer = await client.got_all()
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"connection: close\r\n\r\ngood")


async def test_garbage_in_a_body_is_refused_and_its_app_hears_that_it_is_over() -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            pass
        heard.set_result(message["type"])

    client = Client(app)
    await client.sends(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", (3, b"zz\r\n"))
    assert await heard == "http.disconnect"
    assert (await client.got_all()).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_another_protocol_is_not_taken_up() -> None:
    client = Client(good)
    await client.sends(
        b"GET / HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", b"PRI * HTTP/2.0"
    )
    answer = await client.got_all()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer


async def test_a_body_that_is_a_known_request_is_a_body_all_the_same() -> None:
    bodies: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"good"})

    client = Client(app)
    await client.sends(REQUEST)
    await client.got_with(b"good")
    await client.sends(b"POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(REQUEST), REQUEST)
    await client.closed.wait()
    assert bodies == [b"{}", REQUEST]


async def test_what_comes_after_a_body_is_no_header() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["more_body"] is False
        seen.set_result(scope["headers"])
        await good(scope, receive, send)

    seen: asyncio.Future[list[tuple[bytes, bytes]]] = asyncio.get_running_loop().create_future()
    client = Client(app)
    await client.sends(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nauthorization: late\r\n\r\n")
    assert await seen == [(b"transfer-encoding", b"chunked")]


async def test_a_connection_that_is_not_used_is_closed() -> None:
    client = Client(good, timeout_keep_alive=0)
    await client.sends(REQUEST)
    assert (await client.got_all()).endswith(b"good")


LARGE = b"x" * (protocol.MAX_HEAD + 1)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nx: " + LARGE + b"\r\n\r\n",
        b"GET /" + LARGE + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 6000 + b"\r\n",
        b"GET / HTTP/1.1\r\nendless: " + LARGE,
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nendless: " + LARGE,
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2;endless=" + LARGE,
    ],
    ids=["header", "target", "headers", "half a header", "trailer", "extension"],
)
async def test_what_surrounds_a_body_has_a_bound(sent: bytes) -> None:
    client = Client(good)
    await client.sends(sent, LARGE)
    assert (await client.got_all()).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


@pytest.mark.parametrize("half", [REQUEST[:-1], REQUEST[:9], b"P"], ids=["body", "head", "begin"])
async def test_half_a_request_has_its_time(half: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "RECEIVE_SECONDS", 0.01)
    client = Client(good)
    await client.sends(half)
    assert (await client.got_all()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_who_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "RECEIVE_SECONDS", 0.01)
    assert await Client(good).got_all() == b""


async def test_half_a_request_behind_one_that_runs_does_not_take_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "RECEIVE_SECONDS", 0.01)
    later = asyncio.Event()

    client = Client(good_after(later))
    await client.sends(REQUEST + REQUEST[:9])
    asyncio.get_running_loop().call_later(0.02, later.set)
    answer = await client.got_all()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"connection: close\r\n\r\ngood")


async def test_a_request_that_we_do_not_read_has_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "RECEIVE_SECONDS", 0.001)
    ask = asyncio.Event()

    client = Client(good_after(ask))
    await client.sends(b"POST / HTTP/1.1\r\ncontent-length: 100002\r\n\r\n", b"x" * 100_000)
    asyncio.get_running_loop().call_later(0.02, ask.set)
    await client.sends(b"{}")
    await client.got_with(b"good")


async def test_at_a_shutdown_an_unused_connection_is_closed() -> None:
    client = Client(good)
    await client.sends(REQUEST)
    await client.got_with(b"good")
    client.protocol.shutdown()
    await client.closed.wait()
    assert not client.server.connections


async def test_at_a_shutdown_what_was_asked_has_its_answer_before() -> None:
    client = Client(good)
    await client.sends(REQUEST + REQUEST[:-1])
    client.protocol.shutdown()
    await client.sends(REQUEST[-1:])
    answers = await client.got_all()
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answers.endswith(b"connection: close\r\n\r\ngood")


async def test_requests_at_once_are_answered_one_after_another() -> None:
    at_once, most = 0, 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await good(scope, receive, send)
        at_once -= 1

    client = Client(app)
    await client.sends(REQUEST * 3)
    while client.got.count(b"good") < 3:
        await client.got_with(b"good")
        await asyncio.sleep(0)
    assert most == 1


async def test_a_large_body_is_read_as_it_is_asked_for() -> None:
    ask = asyncio.Event()

    client = Client(good_after(ask))
    await client.sends(b"POST / HTTP/1.1\r\ncontent-length: 100002\r\n\r\n", b"x" * 100_000)
    assert client.is_held_up
    ask.set()
    await client.sends(b"{}")
    await client.got_with(b"good")


async def test_who_reads_slowly_holds_up_the_app() -> None:
    said: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"1", b"2"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            said.append(piece)
            client.protocol.pause_writing()

    client = Client(app)
    await client.sends(REQUEST)
    await client.got_with(b"1\r\n1\r\n")
    assert said == [b"1"]
    client.protocol.resume_writing()
    await client.got_with(b"1\r\n2\r\n")


async def test_of_more_requests_than_a_limit_the_last_is_told_so() -> None:
    client = Client(good, limit_concurrency=1)
    await client.sends(REQUEST)
    assert (await client.got_all()).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")


async def test_an_app_that_runs_is_among_the_tasks_of_the_server() -> None:
    ask = asyncio.Event()

    client = Client(good_after(ask))
    await client.sends(REQUEST)
    (task,) = client.server.tasks
    ask.set()
    await task
    await asyncio.sleep(0)
    assert not client.server.tasks
    assert client.server.total_requests == 1


@pytest.mark.parametrize("between", [b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n"])
async def test_empty_lines_are_nobodys_request(between: bytes) -> None:
    """Parsers pass over them, so a client may send some after its request. Others that do must not get what it got."""
    asked: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(dict(scope["headers"])[b"authorization"])
        await good(scope, receive, send)

    config = configured(app)
    for request in (
        b"GET / HTTP/1.1\r\nauthorization: mine\r\n\r\n",
        b"POST / HTTP/1.1\r\nauthorization: mine\r\ncontent-length: 2\r\n\r\n{}",
    ):
        one = Client(config)
        await one.sends(request)
        await one.got_with(b"good")
        await one.sends(between)
    asked.clear()
    other = Client(config)
    await other.sends(between, (3, between), (3, b"GET / HTTP/1.1\r\nauthorization: other\r\n\r\n"))
    await other.got_with(b"good")
    assert asked == [b"other"]


async def test_of_requests_that_wait_there_are_not_more_than_a_bound() -> None:
    ask = asyncio.Event()
    answered = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal answered
        await ask.wait()
        await good(scope, receive, send)
        answered += 1

    client = Client(app)
    await client.sends(REQUEST * (protocol.MOST_WAITING * 2))
    ask.set()
    await client.got_all()
    assert answered == protocol.MOST_WAITING + 1


async def test_no_more_is_read_while_requests_wait() -> None:
    """An app that waits for news of its client, and an answer, let no more in."""
    steps = asyncio.Semaphore(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        watching = asyncio.ensure_future(receive())
        await steps.acquire()
        await good_answer(send)
        await watching

    client = Client(app)
    await client.sends(REQUEST * 3)
    for number in (1, 2, 3):
        for _ in range(5):
            await asyncio.sleep(0)
        assert client.is_held_up is (number < 3)
        steps.release()
        while client.got.count(b"good") < number:
            await client.got_with(b"good")
            await asyncio.sleep(0)


@pytest.mark.parametrize("sent", [b"\r\n", b"\r\n\r\n"])
async def test_who_says_nothing_but_empty_lines_is_not_waited_for(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "RECEIVE_SECONDS", 0.01)
    client = Client(good)
    await client.sends(sent)
    assert await client.got_all() == b""


async def test_the_rest_of_a_request_that_has_its_answer_leaves_an_unused_connection() -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await good_answer(send)

    client = Client(early, timeout_keep_alive=0)
    await client.sends(REQUEST[:-2])
    await client.got_with(b"good")
    await client.sends(b"{}")
    await client.got_all()


async def test_the_rest_of_a_request_that_has_its_answer_keeps_its_time() -> None:
    """Which is longer than that of an unused connection."""

    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await good_answer(send)

    client = Client(early, timeout_keep_alive=0)
    await client.sends(REQUEST[:-2])
    await client.got_with(b"good")
    await asyncio.sleep(0.01)
    assert not client.is_closing()
