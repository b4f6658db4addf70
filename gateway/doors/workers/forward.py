"""Send a request on to another worker of this gateway, and its answer back as it is made.

It goes over that worker's Unix socket, which this user alone reaches. It has passed the edge here; the other worker
authenticates it. What the other is to know beside the request itself goes in a header that no client can send.
"""

import json
from typing import Any

import orjson
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.doors.headers import with_headers
from gateway.doors.presence import ClientLeft, Presence
from gateway.doors.workers.peers import Peers
from gateway.errors import WorkerLost, http_status
from gateway.observe.logs import get_logger
from gateway.observe.request_ids import request_id
from gateway.upstream.http1 import HttpClient, Response, header_block
from gateway.upstream.http_connection import HttpError

log = get_logger(__name__)

ORIGIN = b"gateway-origin"
# What says something of one connection only (RFC 9110, section 7.6.1), or is made anew for the next.
OF_A_CONNECTION = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect")
)
NOT_SENT = OF_A_CONNECTION | {b"host", b"content-length", ORIGIN}
NOT_SENT_BACK = frozenset({*(name.decode() for name in OF_A_CONNECTION), "date", "server"})
ENDLESS = 1 << 62
LOST = (
    "The process of the gateway that had this session ended. It is not known whether the call ran. Find out, then open "
    "a new session."
)

Headers = list[tuple[bytes, bytes]]


class Forward:
    """Sends requests to the others of `peers`."""

    def __init__(self, peers: Peers):
        self._peers = peers
        self._listening: set[Response] = set()
        self._presence = Presence()

    async def to(self, number: int, scope: Scope, body: bytes, receive: Receive, send: Send) -> bool:
        """Have worker `number` answer. False: it is not there, and nothing was sent to anybody."""
        client = self._peers.client(number)
        if client is None:
            return False
        answer = _Answer(send)
        try:
            await self._presence.during(receive, _nothing, self._exchange(client, scope, body, answer))
        except ClientLeft:
            pass
        except HttpError as error:
            if not error.sent:
                return False
            log.warning("a worker ended in the middle of a request", forwarded_to=number, why=str(error))
            await answer.lost(scope, body, receive)
        return True

    def end_listening(self) -> None:
        """End the streams that clients hold open to hear of changes."""
        for response in self._listening:
            response.drop()

    async def _exchange(self, client: HttpClient, scope: Scope, body: bytes, answer: "_Answer") -> None:
        async with await client.request(scope["method"], _head(scope), body, target=_target(scope)) as response:
            if scope["method"] == "GET":
                self._listening.add(response)
            try:
                await answer.begin(response)
                while piece := await response.chunk(ENDLESS):
                    await answer.go_on(piece)
            finally:
                self._listening.discard(response)
        await answer.end()


class _Answer:
    """What the client is told."""

    def __init__(self, send: Send):
        self._send = send
        self._begun = False
        self._streams = False

    async def begin(self, response: Response) -> None:
        headers = response.headers
        self._begun, self._streams = True, "content-length" not in headers
        kept = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items() if n not in NOT_SENT_BACK]
        await self._send({"type": "http.response.start", "status": response.status, "headers": kept})

    async def go_on(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def lost(self, scope: Scope, body: bytes, receive: Receive) -> None:
        """Say that there will be no answer. A stream just ends: its client looks for the rest, and is told 404."""
        if self._streams:
            await self.end()
        elif not self._begun:
            error = WorkerLost(LOST)
            told = {"code": error.code, "message": error.message, "data": error.data}
            content = {"jsonrpc": "2.0", "id": _id_in(body), "error": told}
            await JSONResponse(content, http_status(error.code))(scope, receive, self._send)


def arrived(scope: Scope) -> Scope | None:
    """The request as it reached the first worker; None if none sent it. Only for what came over a worker's socket."""
    origin = next((value for name, value in scope["headers"] if name == ORIGIN), None)
    if origin is None:
        return None
    said: dict[str, Any] = orjson.loads(origin)
    headers = [pair for pair in scope["headers"] if pair[0] not in (b"host", ORIGIN)]
    headers += [(b"host", value.encode("latin-1")) for value in said["host"]]
    addresses = {name: tuple(said[name]) if said[name] else None for name in ("client", "server")}
    return with_headers(scope, headers, **addresses, scheme=said["scheme"], request_id=said["request_id"])


def _head(scope: Scope) -> bytes:
    headers: Headers = scope["headers"]
    origin = {
        "request_id": request_id.get(),
        "client": scope.get("client"),
        "server": scope.get("server"),
        "scheme": scope["scheme"],
        "host": [value.decode("latin-1") for name, value in headers if name == b"host"],
    }
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers if name not in NOT_SENT]
    return header_block([*pairs, (ORIGIN.decode(), json.dumps(origin))])


def _target(scope: Scope) -> str:
    query = scope["query_string"]
    return (scope["raw_path"] + (b"?" + query if query else b"")).decode("ascii")


def _id_in(body: bytes) -> Any:
    """The id of the request that was lost; None for what has none."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return message.get("id") if isinstance(message, dict) else None


async def _nothing() -> None:
    """A stream of the other worker's is kept alive by it."""
