"""A legacy upstream over Streamable HTTP: a handshake, then perhaps a session id (2025-11-25, `basic/transports`)."""

import asyncio
import logging
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from gateway.errors import (
    GatewayError,
    SessionLost,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLost,
    UpstreamTooLarge,
)
from gateway.upstream import messages
from gateway.upstream.errands import Errands
from gateway.upstream.http1 import header_block
from gateway.upstream.http_wire import HttpWire, Position, Reply, named_errors
from gateway.upstream.listener import SILENT, Listener, Notify
from gateway.upstream.results import legacy_result, result_of
from gateway.upstream.session import (
    CLIENT_INFO,
    LEGACY,
    LEGACY_VERSIONS,
    UNKNOWN,
    VISITED,
    ServerFacts,
    Session,
    answer_upstream,
    is_own,
)

log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0
CANCEL_SECONDS = 1.0
# Visible ASCII (2025-11-25 `basic/transports`, Session Management).
SESSION_ID = re.compile(r"[\x21-\x7e]+")


def initialize_params(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """What our handshake says: the newest legacy version, our name, the client's capabilities."""
    return {"protocolVersion": LEGACY, "capabilities": dict(capabilities), "clientInfo": CLIENT_INFO}


def initialized(namespace: str, result: Mapping[str, Any]) -> ServerFacts:
    """The facts in an `initialize` result.

    Raises:
        UpstreamBroken: it speaks no version that we do.
    """
    version = result.get("protocolVersion")
    if version not in LEGACY_VERSIONS:
        raise UpstreamBroken(namespace, "speaks a protocol version that this gateway does not know.")
    capabilities, instructions, info = (result.get(key) for key in ("capabilities", "instructions", "serverInfo"))
    return ServerFacts(
        version=version,
        capabilities=capabilities if isinstance(capabilities, dict) else {},
        instructions=instructions if isinstance(instructions, str) else "",
        info=info if isinstance(info, dict) else {},
    )


def legacy_params(params: dict[str, Any], listener: Listener, progress_token: messages.Id) -> dict[str, Any]:
    """`params` as a legacy request has them: vendor `_meta` stays, and our own progress token where one is wanted."""
    if not listener.progress:
        return params
    return {**params, "_meta": {**(params.get("_meta") or {}), "progressToken": progress_token}}


def _after(position: Position) -> bytes:
    """The header line that asks for what came after it, if it is somewhere."""
    return header_block({"Last-Event-ID": position.last_id}) if position.last_id else b""


# How long the first call of a session waits for that stream, which an upstream should open at once or refuse.
QUESTIONS_SECONDS = 1.0
# After that stream ended, it is opened again soon, and less and less eagerly where nothing comes on it.
AGAIN_SECONDS = (0.5, 1.0, 5.0, 30.0)
# What may be otherwise the next time.
PASSING = (UpstreamDown, UpstreamLost, UpstreamTooLarge)
# A stream that ends again and again without an answer is no answer.
MAX_RESUMED = 10


class LegacySession(Session):
    """One `initialize`d conversation over Streamable HTTP."""

    era = "legacy"
    transport = "http"

    def __init__(self, wire: HttpWire, capabilities: Mapping[str, Any]):
        self._wire = wire
        self._capabilities = capabilities
        self._ids = count(1)
        self._headers = b""
        self._errands = Errands()
        self._running: dict[messages.Id, Listener] = {}
        self._questions: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<LegacySession {self._wire.namespace} {'closed' if self.closed else 'open'}>"

    async def open(self) -> None:
        """The handshake.

        Raises:
            UpstreamBroken: what it answers is no handshake of a version that we know.
        """
        body = messages.request(0, "initialize", initialize_params(self._capabilities))
        with await self._wire.post(body) as reply:
            session_id = reply.headers.get("mcp-session-id")
            response = await self._read(reply, 0, SILENT)
        if response is None:
            raise UpstreamLost(self._wire.namespace, f"ended its answer without a result. {UNKNOWN}")
        self.facts = initialized(self._wire.namespace, result_of(response))
        self.stateful = session_id is not None
        if self.facts.version != "2025-03-26":  # the header came with 2025-06-18
            self._headers += header_block({"MCP-Protocol-Version": self.facts.version})
        if session_id is not None:
            if SESSION_ID.fullmatch(session_id) is None:
                raise UpstreamBroken(self._wire.namespace, "gives a session id that no header can carry.")
            self._headers += header_block({"Mcp-Session-Id": session_id})
        await self._wire.tell(messages.notification("notifications/initialized"), self._headers)
        if self._capabilities and self.stateful:
            await self._open_questions()

    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        id = next(self._ids)
        body = messages.request(id, method, legacy_params(params, listener, id))
        self._running[id] = listener
        reply: Reply | None = None
        response: messages.Response | None = None
        try:
            try:
                with await self._wire.post(body, self._headers) as reply:
                    response = reply.only()
                    if response is None or response.id != id:
                        response = await self._read(reply, id, listener)
            except UpstreamLost:
                if reply is None or self.closed or not reply.position.last_id:
                    raise  # it cannot be taken up again
            if response is None:
                assert reply is not None
                response = await self._rest(reply.position, id, listener)
        except SessionLost:
            self.closed = True
            raise
        except asyncio.CancelledError:
            self._errands.start(self._cancel(id), f"cancelling a call to {self._wire.namespace}")
            raise
        finally:
            del self._running[id]
        return legacy_result(response)

    async def _rest(self, position: Position, id: messages.Id, listener: Listener) -> messages.Response:
        """The response in an answer that ended before it, taken up again as often as that takes."""
        for _ in range(MAX_RESUMED):
            if not position.last_id:
                break
            await asyncio.sleep(position.retry)
            response, position = await self._resume(position, id, listener)
            if response is not None:
                return response
        raise UpstreamLost(self._wire.namespace, f"ended its answer without a result. {UNKNOWN}")

    async def _resume(
        self, position: Position, id: messages.Id, listener: Listener
    ) -> tuple[messages.Response | None, Position]:
        """Take the answer up again. Whatever stands against it: the call was sent, and must not be sent again."""
        reply: Reply | None = None
        try:
            with await self._wire.stream(self._headers + _after(position)) as reply:
                return await self._read(reply, id, listener), reply.position
        except UpstreamTooLarge:
            raise
        except (SessionLost, UpstreamError) as error:
            if isinstance(error, UpstreamLost) and reply is not None and not self.closed:
                return None, reply.position if reply.position.last_id else position
            raise UpstreamLost(
                self._wire.namespace, f"ended its answer without a result, and does not take it up again. {UNKNOWN}"
            ) from error

    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        for uri in uris:
            await self.request("resources/subscribe", {"uri": uri}, SILENT, {})
        try:
            with await self._wire.stream(self._headers) as reply:
                async for message in reply.incoming:
                    if isinstance(message, messages.Notification):
                        await notify(message.method, message.params)
                    elif isinstance(message, messages.Request):
                        await self._reply(await answer_upstream(SILENT.ask, message))
        except SessionLost:
            self.closed = True
            raise

    async def _read(self, reply: Reply, id: messages.Id, listener: Listener) -> messages.Response | None:
        """The response to request `id`; None where the stream ends before, perhaps to be taken up again."""
        async for message in reply.incoming:
            if isinstance(message, messages.Notification):
                if message.method == VISITED:
                    self.visited(message.params)
                elif is_own(message, id, self.misbehaved):
                    await listener.notify(message.method, message.params)
            elif isinstance(message, messages.Request):
                await self._reply(await answer_upstream(listener.ask, message))
            elif message.id == id or (message.id is None and reply.status >= 400):
                return message
            else:
                raise UpstreamBroken(self._wire.namespace, f"answered another request than ours. {UNKNOWN}")
        return None

    async def _open_questions(self) -> None:
        """Open the stream for questions; what is asked before it is open may be lost."""
        opened = asyncio.Event()
        self._questions = asyncio.create_task(self._hear_questions(opened), name=f"questions of {self._wire.namespace}")
        with suppress(TimeoutError):
            async with asyncio.timeout(QUESTIONS_SECONDS):
                await opened.wait()

    async def _hear_questions(self, opened: asyncio.Event) -> None:
        """Take what the upstream asks on the stream that belongs to no call: the youngest call's client is asked.

        Only a session whose client can be asked opens that stream; an upstream without one refuses, and that is that.
        One that ends is opened again: proxies end what is silent for long, and upstreams what is open for long.
        """
        position, failures = Position(), 0
        try:
            while not self.closed:
                reply: Reply | None = None
                try:
                    with await self._wire.stream(self._headers + _after(position)) as reply:
                        opened.set()
                        async for message in reply.incoming:
                            failures = 0
                            await self._question(message)
                except PASSING as error:
                    log.debug("upstream %s: the stream for its questions ended: %s", self._wire.namespace, error)
                if reply is not None and reply.position.last_id:
                    position = reply.position
                await asyncio.sleep(AGAIN_SECONDS[min(failures, len(AGAIN_SECONDS) - 1)])
                failures += 1
        except (GatewayError, SessionLost) as error:
            log.debug("upstream %s asks nothing by itself: %s", self._wire.namespace, error)
        finally:
            opened.set()

    async def _question(self, message: messages.Message) -> None:
        """Take one message of that stream."""
        if isinstance(message, messages.Request):
            listener = self._running[next(reversed(self._running))] if self._running else SILENT
            await self._reply(await answer_upstream(listener.ask, message))
        elif isinstance(message, messages.Notification) and message.method == VISITED:
            self.visited(message.params)

    async def _reply(self, body: bytes) -> None:
        """Answer what the upstream asked within a call. The call has begun, so a lost session loses it too."""
        try:
            await self._wire.tell(body, self._headers)
        except SessionLost:
            self.closed = True
            raise UpstreamLost(self._wire.namespace, f"forgot the session in the middle of a call. {UNKNOWN}") from None

    async def _cancel(self, id: messages.Id) -> None:
        """Say it: for a legacy server a closed stream is no cancellation (2025-11-25 `utilities/cancellation`)."""
        body = messages.notification("notifications/cancelled", {"requestId": id, "reason": "the caller left"})
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._wire.tell(body, self._headers)
        except (GatewayError, SessionLost, TimeoutError):
            pass  # it is gone or stuck, and will not see the call through either

    async def close(self) -> None:
        """Tell the upstream that the session is over (DELETE); it may not care."""
        if self._questions is not None:
            self._questions.cancel()
            await asyncio.wait([self._questions])
        await self._errands.finish()
        if self.closed:
            return
        self.closed = True
        if not self.stateful:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                with named_errors(self._wire.namespace):
                    headers = self._wire.credential.block + self._headers
                    async with await self._wire.client.request("DELETE", headers):
                        pass
        except (GatewayError, TimeoutError):
            pass  # it ends unused sessions by itself
