"""With several workers, a legacy session and a call that is held belong to one of them: bring each request to it.

The id of a session, and the state of a call that waits for its client's answer, end with the number of the worker that
gave them. With one worker nothing of this is there.
"""

import re
from typing import NamedTuple, Self

from fastmcp.server.http import StarletteWithLifespan
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.doors.bodies import again, read_body
from gateway.doors.edge import counting
from gateway.doors.headers import says, with_headers
from gateway.doors.state import NUMBER_MARK
from gateway.doors.workers.forward import Forward, Headers, arrived
from gateway.doors.workers.peers import Peers
from gateway.observe.request_ids import request_id
from gateway.policy.throttle import FailureThrottle
from gateway.upstream.session import MODERN

SESSION = MCP_SESSION_ID_HEADER.encode()
VERSION = (b"mcp-protocol-version", MODERN.encode())
MARK = NUMBER_MARK.encode()
STATE = re.compile(rb'"requestState"\s*:\s*"[^"\\]*' + re.escape(MARK) + rb'(\d{1,3})"')


class Owned(NamedTuple):
    """A session's id as its owner knows it."""

    name: bytes
    owner: int | None

    @classmethod
    def read(cls, given: bytes) -> Self:
        """The id that a client gives. `owner` is None for one that no worker can have given out."""
        name, mark, number = given.rpartition(MARK)
        return cls(name, int(number)) if mark and number.isdigit() and len(number) <= 3 else cls(given + MARK, None)


class Owners:
    """Both layers of `app`, which is FastMCP's, and the entrance for what other workers send on."""

    def __init__(self, app: StarletteWithLifespan, peers: Peers):
        self._whole = app
        self._path = app.state.path
        self._peers = peers
        self._forward = Forward(peers)
        self.end_listening = self._forward.end_listening

    def of_sessions(self, app: ASGIApp, throttle: FailureThrottle) -> ASGIApp:
        """The layer before everything that knows of sessions; `throttle` hears of credentials that others refuse."""
        self._sessions = SessionOwners(app, self._path, self._peers.number, self._forward, throttle)
        return self._sessions

    def of_states(self, app: ASGIApp) -> ASGIApp:
        """The layer after the express door, which answers no request that carries state."""
        return StateOwners(app, self._path, self._forward)

    async def arriving(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What comes over this worker's socket: requests that another sends on, and its questions."""
        sent_on = arrived(scope)
        if sent_on is None:
            await self._peers.answer(scope, receive, send)
            return
        token = request_id.set(sent_on["request_id"])
        try:
            await self._sessions({**sent_on, "app": self._whole}, receive, send)
        finally:
            request_id.reset(token)


class SessionOwners:
    """Brings requests to the worker that their session names, and names this one in the ids that it gives out."""

    def __init__(self, app: ASGIApp, path: str, number: int, forward: Forward, throttle: FailureThrottle):
        self._app = app
        self._path = path
        self._throttle = throttle
        self._number = number
        self._forward = forward
        self._mark = MARK + b"%d" % number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or says(scope, *VERSION):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == SESSION), None)
        if given is None:
            await self._app(scope, receive, self._marked(send))
            return
        session = Owned.read(given)
        if session.owner == self._number:
            await self._app(_of(scope, session.name), receive, self._marked(send))
        elif session.owner is None:
            await self._app(_of(scope, session.name), receive, send)
        else:
            await self._elsewhere(session.owner, scope, receive, send)

    async def _elsewhere(self, owner: int, scope: Scope, receive: Receive, send: Send) -> None:
        """To the owner. Where it is gone, what the doors say here of an id with a number on it: 404, as for any other
        that is not known, once the caller has proven who it is."""
        taken: list[Message] = []
        body = await read_body(receive, taken)
        told = counting(self._throttle, scope, send)
        if body is None or not await self._forward.to(owner, scope, body, receive, told):
            await self._app(scope, again(taken, receive), send)

    def _marked(self, send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Headers = message["headers"]
                message = {**message, "headers": [(n, v + self._mark if n == SESSION else v) for n, v in headers]}
            await send(message)

        return marked


class StateOwners:
    """Brings a request that goes on with a held call to the worker that holds it."""

    def __init__(self, app: ASGIApp, path: str, forward: Forward):
        self._app = app
        self._path = path
        self._forward = forward

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._may_carry_state(scope):
            await self._app(scope, receive, send)
            return
        taken: list[Message] = []
        body = await read_body(receive, taken)
        owner = owner_of_state(body) if body is not None else None
        if body is None or owner is None or not await self._forward.to(owner, scope, body, receive, send):
            await self._app(scope, again(taken, receive), send)

    def _may_carry_state(self, scope: Scope) -> bool:
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        return is_post and scope["path"] == self._path and says(scope, *VERSION)


def owner_of_state(body: bytes) -> int | None:
    """The worker that the state in a request names. Any other answers the request as well, unless a call is held for
    it: so a body that only looks as if it had state does no harm."""
    found = STATE.search(body) if MARK in body else None
    return int(found[1]) if found is not None else None


def _of(scope: Scope, session: bytes) -> Scope:
    others = [pair for pair in scope["headers"] if pair[0] != SESSION]
    return with_headers(scope, [*others, (SESSION, session)])
