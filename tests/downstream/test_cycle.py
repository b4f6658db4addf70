"""A request and its answer as an app has them, where the app does what it should not, or the client leaves."""

import asyncio
from collections.abc import Callable

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.downstream.client import Client

REQUEST = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
BODY: Message = {"type": "http.response.body", "body": b"{}"}


def says(*messages: Message) -> tuple[ASGIApp, asyncio.Future[None]]:
    """An app that says this, and what came of it."""
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            for message in messages:
                await send(message)
        except RuntimeError as error:
            outcome.set_exception(error)
            raise
        outcome.set_result(None)

    return app, outcome


def head(name: bytes, value: bytes) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": [(name, value)]}


WRONG: dict[str, Callable[[], tuple[Message, ...]]] = {
    "'http.response.body' is not what comes next": lambda: (BODY,),
    "'http.response.start' is not what comes next": lambda: (START, START),
    "is not what comes next in an answer": lambda: (START, BODY, BODY),
    "longer than its Content-Length": lambda: (START, {**BODY, "body": b"{} "}),
    "shorter than its Content-Length": lambda: (START, {**BODY, "body": b"{"}),
    "a header whose name is none": lambda: (head(b"a b", b"c"),),
    "The value of the header x-y has control characters": lambda: (head(b"x-y", b"1\r\nset-cookie: z"),),
}


@pytest.mark.parametrize("why", WRONG)
async def test_what_is_no_answer_is_said_to_the_app(why: str) -> None:
    app, outcome = says(*WRONG[why]())
    client = Client(app)
    await client.sends(REQUEST)
    with pytest.raises(RuntimeError, match=why):
        await outcome


async def test_a_header_that_would_be_two_ends_in_500() -> None:
    app, outcome = says(head(b"x-y", b"1\r\nset-cookie: z"))
    client = Client(app)
    await client.sends(REQUEST)
    with pytest.raises(RuntimeError):
        await outcome
    answer = await client.got_all()
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"set-cookie" not in answer


async def test_an_app_hears_once_that_its_client_left() -> None:
    heard: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        heard.set_result(await receive())
        await send(START)  # to nobody, which is no fault of the app's

    client = Client(app)
    await client.sends(REQUEST, (3, b""))
    client.close()
    assert await heard == {"type": "http.disconnect"}
    assert client.got == b""


async def test_after_its_answer_an_app_hears_that_it_is_over() -> None:
    heard: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        await send(START)
        await send(BODY)
        heard.set_result(await receive())

    client = Client(app)
    await client.sends(REQUEST)
    assert await heard == {"type": "http.disconnect"}


async def test_two_tasks_of_an_app_hear_of_one_end() -> None:
    heard: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        heard.set_result(list(await asyncio.gather(receive(), receive())))

    client = Client(app)
    await client.sends(REQUEST, (3, b""))
    client.close()
    assert await heard == [{"type": "http.disconnect"}] * 2


async def test_who_waits_for_leave_to_send_a_body_gets_it_once_it_is_wanted() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["body"] == b"{}"
        await send(START)
        await send(BODY)

    client = Client(app)
    await client.sends(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    await client.got_with(b"HTTP/1.1 100 Continue\r\n\r\n")
    await client.sends(b"{}")
    assert (await client.got_with(b"{}")).count(b"HTTP/1.1 ") == 2


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_headers_and_bodies_are_taken_in_every_kind_that_apps_give(kind: type) -> None:
    """ASGI allows a header to be a list; Starlette's responses let a body be a `memoryview`."""
    start: Message = {**START, "headers": [[b"content-length", b"2"]]}
    app, outcome = says(start, {**BODY, "body": kind(b"{}")})
    client = Client(app)
    await client.sends(REQUEST)
    await outcome
    assert await client.got_with(b"{}") == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
