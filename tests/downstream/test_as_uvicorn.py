"""Whatever a client sends, it gets from the gateway's own protocol what it would get from uvicorn's."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.downstream.protocol import HttpProtocol
from tests.downstream.client import Client, Piece, configured

# In how many pieces a conversation comes is up to the network.
MOST_PIECES = 4
TURNS = st.integers(0, 6)
# For all that was asked to be answered. What is broken would take the answer of what runs from it, at uvicorn's.
ENOUGH_TURNS = 40
LENGTH = (b"content-length", b"4")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers as its path says, well or badly; what it says is what it was asked."""
    match scope["path"].removeprefix(scope["root_path"]):
        case "/raises":
            raise ValueError("as it should")
        case "/says-nothing":
            return
        case "/stops":
            await _say(send, [LENGTH], b"ab", more=True)
        case "/too-short":
            await _say(send, [LENGTH], b"ab")
        case "/too-long":
            await _say(send, [LENGTH], b"abcdef")
        case "/early":
            await _say(send, [LENGTH], b"soon")
        case "/closes":
            await _say(send, [(b"Connection", b"X, Close"), LENGTH], b"last")
        case "/chunked":
            await _say(send, [(b"Transfer-Encoding", b"chunked")], b"as said")
        case "/not-modified":
            await _say(send, [], b"", status=304)
        case _:
            await _say(send, [(b"X-Asked", b"yes")], await _asked(scope, receive), status=201)


async def _say(send: Send, headers: list[tuple[bytes, bytes]], body: bytes, *, status: int = 200, more: bool = False):
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if body and not more:
        await send({"type": "http.response.body", "body": body[:1], "more_body": True})
        body = body[1:]
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _asked(scope: Scope, receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    told = {name: scope[name] for name in ("method", "http_version", "scheme", "root_path", "path", "asgi", "state")}
    told |= {"raw": repr((scope["raw_path"], scope["query_string"], scope["headers"], body, message["type"]))}
    return json.dumps(told).encode()


PATHS = st.sampled_from(
    [
        *("/", "/a%20b/%C3%A9?q=%20x&y", "/a?b?c#d", "*", "http://there/abs//olute"),
        *("/raises", "/says-nothing", "/stops", "/too-short", "/too-long"),
        *("/early", "/closes", "/chunked", "/not-modified"),
    ]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"X-One: 1",
            b"x-one: 2",
            b"EXPECT: 100-Continue",
            b"Connection: keep-alive",
            b"Connection: close",
            b"Odd:\t v \t",
        ]
    ),
    max_size=3,
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One request, from its first byte to its last."""
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT"]))
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0"]))
    headers = [b"Host: here", *draw(HEADERS)]
    body = draw(st.sampled_from([b"", b"{}", b"x" * 3000]))
    framing = draw(st.sampled_from(["none", "length", "chunks"]))
    if framing == "length":
        headers.append(b"Content-Length: %d" % len(body))
    elif framing == "chunks":
        headers.append(b"Transfer-Encoding: chunked")
        body = (b"%x;ext=1\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    else:
        body = b""
    head = b"%s %s HTTP/%s\r\n" % (method, draw(PATHS).encode(), version)
    return head + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


LAST = b"GET /last HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
BROKEN = st.sampled_from(
    [
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header: x\r\n\r\n",
        b"CONNECT there:80 HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ]
)


@st.composite
def in_pieces(draw: st.DrawFn) -> list[Piece]:
    """What a client sends on one connection, cut anywhere; the end of it makes a server close."""
    sent = draw(st.one_of(BROKEN, st.lists(requests(), max_size=3).map(lambda each: b"".join(each) + LAST)))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=MOST_PIECES - 1)))
    return [(draw(TURNS), sent[start:end]) for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]


@st.composite
def one_by_one(draw: st.DrawFn) -> list[Piece]:
    """The same from a client that sends a request at a time, and the same one twice."""
    sent = draw(st.lists(requests(), max_size=2))
    last = draw(st.tuples(TURNS, st.just(LAST)) | st.tuples(st.just(ENOUGH_TURNS), BROKEN))
    return [*((draw(TURNS), each) for each in (*sent, *sent)), last]


SERVER = configured(app, root_path="/root")
"""One for all conversations: it gets to know the requests that come again."""


async def answers(protocol: Any, pieces: Sequence[Piece]) -> bytes:
    """All that a server of this protocol sends back until it closes."""
    client = Client(SERVER, protocol)
    await client.sends(*pieces)
    return await client.got_all()


@settings(max_examples=600)
@given(in_pieces() | one_by_one())
def test_a_client_gets_what_it_would_get_from_uvicorn(pieces: list[Piece]):
    logging.getLogger("uvicorn.error").disabled = True  # what the app does badly is told there, by both
    ours, theirs = (asyncio.run(answers(protocol, pieces)) for protocol in (HttpProtocol, HttpToolsProtocol))
    assert ours == theirs
