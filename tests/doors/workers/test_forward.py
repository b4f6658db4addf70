"""A request that is sent on to another worker: what arrives there, and what comes back."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Scope

from gateway.doors.workers.forward import Forward, arrived
from gateway.doors.workers.peers import Peers
from gateway.observe.request_ids import request_id
from tests.workers_kit import answering

ORIGIN = (b"gateway-origin", b'{"request_id": "forged", "client": ["10.0.0.1", 1]}')
Reply = Callable[[Scope, Any, Any], Any]


def scope(*headers: tuple[bytes, bytes], **changes: Any) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": "/mcp",
        "raw_path": b"/m%63p",
        "query_string": b"a=%20b",
        "client": ("192.0.2.7", 5555),
        "server": ("192.0.2.1", 443),
        "headers": [(b"host", b"mcp.example.com"), *headers],
        **changes,
    }


class Client:
    """Who made the request: stays, unless told to leave; and what it got."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.left = asyncio.Event()
        self.heard = asyncio.Event()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append(message)
        self.heard.set()

    @property
    def status(self) -> int:
        return self.got[0]["status"]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got[1:])

    @property
    def is_over(self) -> bool:
        return self.got[-1].get("more_body") is False or "more_body" not in self.got[-1]


@pytest.fixture
def two(tmp_path: Path) -> tuple[Peers, Peers]:
    return Peers(tmp_path, "g", 1, 2), Peers(tmp_path, "g", 2, 2)


async def forwarded(two: tuple[Peers, Peers], reply: Reply, asked: Scope, body: bytes = b"") -> tuple[bool, Client]:
    first, second = two
    client = Client()
    async with answering(second.listen(), reply):
        done = await Forward(first).to(2, asked, body, client.receive, client.send)
        first.close()
    return done, client


async def test_all_arrives_but_what_belongs_to_the_connection(two: tuple[Peers, Peers]):
    seen: list[Any] = []

    async def reply(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((arrived(scope), await receive()))
        headers = [(b"content-type", b"text/plain"), (b"mcp-session-id", b"x~2"), (b"content-length", b"5")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"hello"})

    token = request_id.set("abcd")
    sent = ((b"authorization", b"Bearer k"), (b"mcp-session-id", b"x~2"), (b"x-any", b"\xe9"), (b"x-any", b"two"))
    asked = scope(
        *sent, ORIGIN, (b"connection", b"close"), (b"transfer-encoding", b"chunked"), (b"content-length", b"3")
    )
    done, client = await forwarded(two, reply, asked, b"abc")
    request_id.reset(token)

    there, message = seen
    assert done
    assert message["body"] == b"abc"
    assert set(there["headers"]) == {*sent, (b"host", b"mcp.example.com"), (b"content-length", b"3")}
    assert (there["client"], there["server"], there["scheme"]) == (("192.0.2.7", 5555), ("192.0.2.1", 443), "https")
    assert (there["path"], there["query_string"], there["request_id"]) == ("/mcp", b"a=%20b", "abcd")
    assert client.status == 401
    assert client.body == b"hello"
    assert {name for name, _ in client.got[0]["headers"]} == {b"content-type", b"mcp-session-id", b"content-length"}


def test_what_no_worker_sent_on_says_nothing_of_where_it_comes_from():
    assert arrived(scope()) is None


async def test_a_stream_comes_as_it_is_made(two: tuple[Peers, Peers]):
    client, go_on = Client(), asyncio.Event()

    async def reply(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"two"})

    first, second = two
    async with answering(second.listen(), reply):
        sending = asyncio.create_task(Forward(first).to(2, scope(), b"", client.receive, client.send))
        while client.got[1:] == []:
            client.heard.clear()
            await client.heard.wait()
        assert client.body == b"one"
        go_on.set()
        assert await sending
        first.close()
    assert client.body == b"onetwo"
    assert client.is_over


async def test_a_client_that_leaves_is_gone_there_too(two: tuple[Peers, Peers]):
    client, gone = Client(), asyncio.Event()

    async def reply(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        client.left.set()
        assert (await receive())["type"] == "http.disconnect"
        gone.set()

    first, second = two
    async with answering(second.listen(), reply):
        assert await Forward(first).to(2, scope(), b"", client.receive, client.send)
        await asyncio.wait_for(gone.wait(), 5)
        first.close()
    assert client.got == []


@pytest.mark.parametrize("number", [2, 1, 9])
async def test_one_that_is_not_there_was_asked_nothing(two: tuple[Peers, Peers], number: int):
    client = Client()
    assert not await Forward(two[0]).to(number, scope(), b"", client.receive, client.send)
    assert client.got == []


@pytest.mark.parametrize("body", [b'{"id": 7}', b"[]", b"no json"])
async def test_one_that_ends_before_it_answers_may_have_run_the_call(two: tuple[Peers, Peers], body: bytes):
    server = await asyncio.start_unix_server(_hang_up, sock=two[1].listen())
    client = Client()
    assert await Forward(two[0]).to(2, scope(), body, client.receive, client.send)
    server.close()
    two[0].close()
    error = json.loads(client.body)
    assert (client.status, error["id"]) == (502, 7 if body.startswith(b"{") else None)
    assert (error["error"]["code"], error["error"]["data"]) == (50206, {"kind": "worker_lost"})


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(("head", "ends"), [(b"transfer-encoding: chunked", True), (b"content-length: 100", False)])
async def test_a_stream_just_ends_with_its_worker_and_an_answer_is_cut_off(
    two: tuple[Peers, Peers], head: bytes, ends: bool
):
    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n3\r\none\r\n")
        writer.close()

    server = await asyncio.start_unix_server(begin, sock=two[1].listen())
    client = Client()
    assert await Forward(two[0]).to(2, scope(), b"", client.receive, client.send)
    server.close()
    two[0].close()
    assert client.status == 200
    assert client.is_over == ends


async def test_streams_that_only_listen_can_be_ended(two: tuple[Peers, Peers]):
    async def reply(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await asyncio.Event().wait()

    first, second = two
    client, forward = Client(), Forward(first)
    async with answering(second.listen(), reply):
        sending = asyncio.create_task(forward.to(2, scope(method="GET"), b"", client.receive, client.send))
        while client.got[1:] == []:
            client.heard.clear()
            await client.heard.wait()
        forward.end_listening()
        assert await asyncio.wait_for(sending, 5)
        first.close()
    assert client.is_over
