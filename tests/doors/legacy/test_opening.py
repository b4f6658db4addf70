"""A handshake that is answered makes a session known, before its client hears of it; any other does not."""

from typing import Any

import orjson
import pytest
from mcp.server.streamable_http import StreamableHTTPServerTransport

from gateway.doors.legacy.opening import Opening, handshake_in
from gateway.doors.legacy.sessions import Session
from gateway.doors.legacy.transport import Transport
from gateway.ground.overdue import Overdue
from gateway.model.principal import LOOPBACK
from tests.upstreams.messages import initialize

RESULT = {"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "2025-06-18", "capabilities": {}}}
STREAM = b"id: 1\r\ndata: \r\n\r\nid: 2\r\nevent: message\r\ndata: %s\r\n\r\n" % orjson.dumps(RESULT)


def test_only_a_handshake_is_one() -> None:
    assert handshake_in(orjson.dumps(initialize())) == initialize()
    for body in (b"", b'{"initialize"', b'["initialize"]', b'{"method":"ping","params":{"name":"initialize"}}'):
        assert handshake_in(body) is None


async def answered(*pieces: bytes, status: int = 200, id: bytes | None = b"s1", known: bool = True) -> list[Session]:
    """The sessions that an answer in these pieces opens; each was there when the piece that tells it was sent."""
    opened: list[Session] = []
    sent: list[int] = []

    async def send(_: Any) -> None:
        sent.append(len(opened))

    def transport_of(session_id: str) -> Transport | None:
        return Transport(StreamableHTTPServerTransport(session_id), Overdue(1.0)) if known else None

    request = initialize(roots={}, elicitation={})
    watched = Opening(request, LOOPBACK, transport_of, opened.append).watched(send)
    await watched({"type": "http.response.start", "status": status, "headers": [(b"mcp-session-id", id)] if id else []})
    for piece in pieces:
        await watched({"type": "http.response.body", "body": piece, "more_body": True})
    assert sent[-1] == len(opened)
    return opened


@pytest.mark.parametrize(
    "pieces",
    [[orjson.dumps(RESULT)], [STREAM], [STREAM[:30], STREAM[30:70], STREAM[70:]]],
    ids=["json", "stream", "pieces"],
)
async def test_its_answer_tells_the_session(pieces: list[bytes]) -> None:
    (session,) = await answered(*pieces)
    assert (session.id, session.subject, session.version) == ("s1", "loopback", b"2025-06-18")
    assert session.capabilities == {"roots": {}, "elicitation": {}}
    assert not session.is_ready


async def test_anything_else_opens_none() -> None:
    error = {"jsonrpc": "2.0", "id": 0, "error": {"code": -32602, "message": "no"}}
    modern = {**RESULT, "result": {"protocolVersion": "2026-07-28"}}
    assert await answered(orjson.dumps(RESULT), status=400) == []
    assert await answered(orjson.dumps(RESULT), id=None) == []
    assert await answered(orjson.dumps(RESULT), known=False) == []
    assert await answered(orjson.dumps(error)) == []
    assert await answered(orjson.dumps(modern)) == []
    assert await answered(orjson.dumps({**RESULT, "id": 1})) == []
    assert await answered(b"data: {\r\n\r\n") == []
