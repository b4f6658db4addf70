"""JSON-RPC over HTTP: what goes out, what comes back, and a name for everything that goes wrong."""

import orjson
import pytest

from gateway.errors import (
    SessionLost,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
    UpstreamRefused,
    UpstreamTooLarge,
)
from gateway.upstream import messages
from gateway.upstream.http_wire import HttpWire, UpstreamHttpError
from gateway.upstream.messages import Notification, Response
from tests.upstream.peer import ASKED, CLOSE, LEFT, OK, answer, chunked, peer

JSON = "Content-Type: application/json"
EVENTS = "Content-Type: text/event-stream; charset=utf-8"
SESSION = b"Mcp-Session-Id: s1\r\n"
NO_SESSION_NAMED = b"Mcp-Name: note://x/Mcp-Session-Id: s1\r\n"
RESULT = b'{"jsonrpc":"2.0","id":1,"result":{"a":1}}'
FOUND = [Response(1, {"a": 1}, None)]
REFUSAL = Response(None, None, {"code": -32600, "message": "no", "data": "session"})
NO_SESSION_SAID = Response(None, None, {"code": -32000, "message": "Bad Request: No valid session ID provided"})
REFUSED, NO_SESSION = (orjson.dumps({"jsonrpc": "2.0", "error": each.error}) for each in (REFUSAL, NO_SESSION_SAID))


async def post(wire: HttpWire, headers: bytes = b"") -> list[messages.Message]:
    with await wire.post(b"{}", headers) as reply:
        return [message async for message in reply.incoming]


def stream(*events: bytes) -> bytes:
    return chunked(*events).replace(b"OK\r\n", b"OK\r\n" + EVENTS.encode() + b"\r\n")


async def test_what_goes_out(wire):
    async with peer([ASKED, answer(RESULT, JSON)]) as other:
        await post(wire(other.url, headers={"X-Tenant": "acme"}, auth={"bearer": "secret"}), b"Mcp-Method: ping\r\n")
    assert other.asked[0].headers[2:] == [
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        "X-Tenant: acme",
        "Authorization: Bearer secret",
        "Mcp-Method: ping",
    ]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (answer(RESULT, JSON), FOUND),
        (answer(RESULT, "Content-Type: Application/JSON; charset=utf-8"), FOUND),
        (answer(RESULT, JSON, "Content-Encoding: identity"), FOUND),
        (answer(b"[%s,%s]" % (RESULT, RESULT), JSON), FOUND * 2),
        (answer(b"", status="202 Accepted"), []),
        (answer(b"", JSON), []),
        (stream(b"data: " + RESULT + b"\n\n"), FOUND),
        (stream(b"data: " + RESULT[:9], RESULT[9:] + b"\r\n\r\n"), FOUND),
        (stream(b"id: 1\ndata:\n\n", b": ping\n\n", b"event: other\ndata: x\n\ndata: " + RESULT + b"\n\n"), FOUND),
        (
            stream(b'data: {"jsonrpc":"2.0","method":"m"}\n\ndata: ' + RESULT + b"\n\n"),
            [Notification("m", {}), *FOUND],
        ),
        (stream(b"data: half"), []),
    ],
)
async def test_what_comes_back(wire, sent, found):
    async with peer([ASKED, sent]) as other:
        assert await post(wire(other.url)) == found


async def test_an_error_with_a_status_of_its_own_is_the_upstreams_answer(wire):
    sent = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'
    async with peer([ASKED, answer(sent, JSON, status="404 Not Found")]) as other:
        found = await post(wire(other.url))
    assert found == [Response(1, None, {"code": -32601, "message": "Method not found"})]


NOT_KNOWN = "It is not known whether the call ran."
CHECK_URL = "Check that its url is an MCP endpoint."


@pytest.mark.parametrize(
    ("sent", "kind", "said"),
    [
        (
            answer(b"<html>", "Content-Type: text/html"),
            UpstreamBroken,
            f"answered text/html, not JSON. {NOT_KNOWN} {CHECK_URL}",
        ),
        (answer(b"x"), UpstreamBroken, f"answered something without a media type, not JSON. {NOT_KNOWN} {CHECK_URL}"),
        (answer(b"{", JSON), UpstreamBroken, f"answered something that is not JSON. {NOT_KNOWN} {CHECK_URL}"),
        (stream(b"data: {\n\n"), UpstreamBroken, f"answered something that is not JSON. {NOT_KNOWN} {CHECK_URL}"),
        (
            answer(RESULT, JSON, "Content-Encoding: gzip"),
            UpstreamBroken,
            f"answered with a compressed body, which nobody asked for. {NOT_KNOWN} {CHECK_URL}",
        ),
        (b"SSH-2.0\r\n", UpstreamBroken, f"sent an answer that is not HTTP. {NOT_KNOWN} {CHECK_URL}"),
        (
            answer(b"", "Location: http://other.example/", status="307 Temporary Redirect"),
            UpstreamBroken,
            "redirects to another origin. Nothing ran; put the final address in its url.",
        ),
        (
            answer(b"", "Location: /login", status="302 Found"),
            UpstreamHttpError,
            "answered HTTP 302. Check its url, and its own log.",
        ),
        (
            answer(b"no", status="404 Not Found"),
            UpstreamHttpError,
            "answered HTTP 404. Check its url, and its own log.",
        ),
        (
            answer(b"<p>" * 100_000, "Content-Type: text/html", status="500 Internal Server Error"),
            UpstreamHttpError,
            f"answered HTTP 500. {NOT_KNOWN} Check its url, and its own log.",
        ),
        (
            answer(b"{", JSON, status="502 Bad Gateway"),
            UpstreamHttpError,
            f"answered HTTP 502. {NOT_KNOWN} Check its url, and its own log.",
        ),
        (
            answer(RESULT, JSON, status="500 Internal Server Error"),
            UpstreamHttpError,
            f"answered HTTP 500. {NOT_KNOWN} Check its url, and its own log.",
        ),
        (
            answer(REFUSED, JSON, status="401 Unauthorized"),
            UpstreamRefused,
            "refused our credential (HTTP 401). Check its auth in the configuration.",
        ),
        (
            answer(b"", status="403 Forbidden"),
            UpstreamRefused,
            "refused our credential (HTTP 403). Check its auth in the configuration.",
        ),
        (
            answer(b"", "Retry-After: 7", status="429 Too Many Requests"),
            UpstreamLimited,
            "is limiting us (HTTP 429). Wait before the next call.",
        ),
        (
            answer(b'"' + b"x" * 2000 + b'"', JSON),
            UpstreamTooLarge,
            "was cut off: its answer is larger than 1000 bytes. Raise its max_body if this is expected.",
        ),
        (b"", UpstreamLost, f"lost the connection: it was closed before the answer was whole. {NOT_KNOWN}"),
        (
            answer(RESULT, JSON)[:-1],
            UpstreamLost,
            f"lost the connection: it was closed before the answer was whole. {NOT_KNOWN}",
        ),
    ],
)
async def test_what_goes_wrong_has_a_name(wire, sent, kind, said):
    async with peer([ASKED, sent, CLOSE]) as other:
        with pytest.raises(UpstreamError) as failure:
            await post(wire(other.url, max_body=1000))
    assert type(failure.value) is kind
    assert failure.value.reason == said
    assert failure.value.data["upstream"] == "raw"


async def test_nobody_is_there(wire):
    async with peer() as other:
        pass
    with pytest.raises(UpstreamDown) as failure:
        await post(wire(other.url))
    assert failure.value.message == "Upstream 'raw' cannot be reached (Connection refused). Nothing was sent."


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("9" * 5000, None), ("\xb2", None)],
)
async def test_how_long_a_limit_lasts(wire, header, seconds):
    async with peer([ASKED, answer(b"", f"Retry-After: {header}", status="429 Too Many Requests")]) as other:
        with pytest.raises(UpstreamLimited) as failure:
            await post(wire(other.url))
    assert failure.value.data.get("retry_after") == seconds


async def outcome(wire: HttpWire, headers: bytes = b"") -> object:
    """The error's kind, or what was found."""
    try:
        return await post(wire, headers)
    except (SessionLost, UpstreamError) as failure:
        return type(failure)


@pytest.mark.parametrize(
    ("status", "body", "within", "without"),
    [
        ("404 Not Found", b"", SessionLost, UpstreamHttpError),
        ("404 Not Found", REFUSED, SessionLost, [REFUSAL]),
        ("400 Bad Request", NO_SESSION, SessionLost, [NO_SESSION_SAID]),
        ("400 Bad Request", REFUSED, [REFUSAL], [REFUSAL]),
        ("400 Bad Request", b"session", UpstreamHttpError, UpstreamHttpError),
        ("500 Internal Server Error", NO_SESSION, [NO_SESSION_SAID], [NO_SESSION_SAID]),
        ("401 Unauthorized", NO_SESSION, UpstreamRefused, UpstreamRefused),
    ],
)
async def test_only_a_request_in_a_session_can_lose_it(wire, status, body, within, without):
    sent = answer(body, JSON, status=status)
    async with peer([ASKED, sent, ASKED, sent, LEFT]) as other:
        mine = wire(other.url)
        assert await outcome(mine, SESSION) == within
        assert await outcome(mine, NO_SESSION_NAMED) == without
        mine.close()


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
async def test_a_message_that_is_told_is_taken(wire, status):
    async with peer([ASKED, answer(b"", status=status), ASKED, OK]) as other:
        mine = wire(other.url)
        await mine.tell(b"1", target="/messages?id=1")
        await mine.tell(b"2")
    assert [(asked.line, asked.body) for asked in other.asked] == [
        ("POST /messages?id=1 HTTP/1.1", b"1"),
        ("POST /mcp HTTP/1.1", b"2"),
    ]


@pytest.mark.parametrize("body", [b"", REFUSED])
async def test_a_message_that_is_told_is_refused(wire, body):
    async with peer([ASKED, answer(body, JSON, status="400 Bad Request")]) as other:
        with pytest.raises(UpstreamHttpError):
            await wire(other.url).tell(b"{}")


async def test_leaving_in_the_middle_drops_the_connection(wire):
    async def read_one(mine: HttpWire) -> None:
        with await mine.post(b"{}") as reply:
            await anext(reply.incoming)
            raise LookupError

    async with peer([ASKED, stream(b"data: " + RESULT + b"\n\n").removesuffix(b"0\r\n\r\n"), LEFT]) as other:
        with pytest.raises(LookupError):
            await read_one(wire(other.url))


async def test_an_error_costs_no_connection(wire):
    failed = answer(b"no", status="500 Internal Server Error")
    async with peer([ASKED, failed, ASKED, answer(b"<p>", "Content-Type: text/html"), ASKED, OK, LEFT]) as other:
        mine = wire(other.url)
        assert await outcome(mine) == UpstreamHttpError
        assert await outcome(mine) == UpstreamBroken
        await mine.tell(b"{}")
        mine.close()
