"""A conversation over one channel that both sides write to when they like: stdio, and the SSE of 2024-11-05.

Each call's own task runs its callbacks, fed through its own inbox, so a slow caller never holds up another's answer.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any, Protocol

from gateway.errors import GatewayError, SessionLost, UpstreamAnswered, UpstreamLost, UpstreamTooLarge
from gateway.upstream import messages
from gateway.upstream.errands import Errands
from gateway.upstream.legacy import CANCEL_SECONDS, initialize_params, initialized, legacy_params
from gateway.upstream.lines import Overlong
from gateway.upstream.listener import SILENT, Era, Listener, Notify
from gateway.upstream.modern import discovered, listen_params, modern_params, offers_modern, speaks_modern
from gateway.upstream.results import legacy_result, modern_result
from gateway.upstream.session import META_SUBSCRIPTION, UNKNOWN, VISITED, Session, Transport, answer_upstream

LAST_WORDS_SECONDS = 2.0
TOO_LONG = "answered with a line longer than its max_body. Raise its max_body if this is expected."
# What waits for a slow caller. Past that progress and logs are dropped, and questions refused.
MAX_WAITING = 1000
MAX_WAITING_BYTES = 16 * 1024 * 1024


class Channel(Protocol):
    """Whole messages in both directions."""

    async def send(self, message: bytes) -> None:
        """Send one. Raises a `GatewayError`, or SessionLost where the other side says that it took nothing."""
        ...

    def receive(self) -> AsyncIterator[bytes | Overlong]:
        """Messages as they come, or what is left of one that was too long.

        Ends, or raises a `GatewayError`, when the other side is gone.
        """
        ...

    async def last_words(self) -> str:
        """Why it ended, for an error message; waits a moment for what comes late."""
        ...

    async def close(self) -> None: ...


class _Inbox:
    """What has come for one call and its task has not taken yet."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[messages.Message | GatewayError, int]] = deque()
        self._size = 0
        self._ready = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether there is room for nothing but the end."""
        return len(self._waiting) >= MAX_WAITING or self._size >= MAX_WAITING_BYTES

    def put(self, item: messages.Message | GatewayError, size: int = 0) -> None:
        """`size` is what it came in, in bytes."""
        if isinstance(item, messages.Notification) and self.is_full:
            return
        self._waiting.append((item, size))
        self._size += size
        self._ready.set()

    async def get(self) -> messages.Message:
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        item, size = self._waiting.popleft()
        self._size -= size
        if isinstance(item, GatewayError):
            raise item
        return item


class DuplexSession(Session):
    """One channel, and the calls that run over it."""

    def __init__(self, namespace: str, channel: Channel, transport: Transport, capabilities: Mapping[str, Any]):
        self.transport = transport
        self._namespace = namespace
        self._channel = channel
        self._capabilities = capabilities
        self._asked = 0
        self._calls: dict[messages.Id, _Inbox] = {}
        self._changes = _Inbox()
        self._errands = Errands()
        self._ended = False
        self.on_lost: Callable[[GatewayError], None] = lambda _: None
        """Called with the reason when it ends without having been closed."""
        self._reader = asyncio.create_task(self._read(), name=f"reader {namespace}")

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<DuplexSession {self._namespace} {self.transport} {state} calls={len(self._calls)}>"

    async def open(self, era: Era | None, patience: float) -> None:
        """Find out the era where it is not known (`server/discover` first), and shake hands where that is due.

        `patience` is how many seconds a silent server gets before it is taken for a legacy one.
        """
        if era != "legacy" and await self._discover(patience):
            return
        self.era = "legacy"
        result = await self._call("initialize", initialize_params(self._capabilities), SILENT)
        self.facts = initialized(self._namespace, result)
        await self._channel.send(messages.notification("notifications/initialized"))

    async def _discover(self, patience: float) -> bool:
        self.era = "modern"
        try:
            async with asyncio.timeout(patience):
                found = await self.request("server/discover", {}, SILENT, {})
        except TimeoutError:
            return False
        except UpstreamAnswered as error:
            if speaks_modern(error):
                raise
            return False
        self.facts = discovered(found)
        return offers_modern(found)

    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        return await self._call(method, params, listener)

    async def _call(self, method: str, params: dict[str, Any], listener: Listener) -> dict[str, Any]:
        if self.closed:
            raise SessionLost
        self._asked += 1
        id, inbox = self._asked, _Inbox()
        dress = modern_params if self.era == "modern" else legacy_params
        self._calls[id] = inbox
        try:
            await self._channel.send(messages.request(id, method, dress(params, listener, id)))
            return await self._follow(inbox, listener)
        except asyncio.CancelledError:
            self._errands.start(self._cancel(id), f"cancelling a call to {self._namespace}")
            raise
        finally:
            del self._calls[id]

    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        listener = Listener(notify=notify)
        if self.era == "modern":
            await self._call("subscriptions/listen", listen_params(uris), listener)
            return
        # What belongs to no call comes over the same channel, without being asked for: one listener hears it.
        inbox = self._changes = _Inbox()
        for uri in uris:
            await self._call("resources/subscribe", {"uri": uri}, SILENT)
        if self.closed:
            raise SessionLost
        await self._follow(inbox, listener)

    async def _follow(self, inbox: _Inbox, listener: Listener) -> dict[str, Any]:
        while True:
            message = await inbox.get()
            if isinstance(message, messages.Response):
                return modern_result(self._namespace, message) if self.era == "modern" else legacy_result(message)
            if isinstance(message, messages.Request):
                await self._reply(await answer_upstream(listener.ask, message))
            else:
                await listener.notify(message.method, message.params)

    async def _reply(self, body: bytes) -> None:
        """Answer what the upstream asked. What was running then has begun, so a lost session loses it too."""
        try:
            await self._channel.send(body)
        except SessionLost:
            self.closed = True
            raise UpstreamLost(self._namespace, f"forgot the session in the middle of a call. {UNKNOWN}") from None

    async def _cancel(self, id: messages.Id) -> None:
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                params = {"requestId": id, "reason": "the caller left"}
                await self._channel.send(messages.notification("notifications/cancelled", params))
        except (GatewayError, SessionLost, TimeoutError):
            pass  # it is gone or stuck, and will not see the call through either

    async def _read(self) -> None:
        ending: GatewayError | None = None
        try:
            async for raw in self._channel.receive():
                if isinstance(raw, Overlong):
                    self._refuse(raw)
                else:
                    await self._take(raw)
        except GatewayError as error:
            ending = error
        finally:
            self.closed = self._ended = True
        if ending is None:
            ending = UpstreamLost(self._namespace, f"went away{await self._channel.last_words()}. {UNKNOWN}")
        self.on_lost(ending)
        self._fail_calls(ending)
        await self._channel.close()  # nobody may come for it for a while, and its children and pipes are still there

    def _fail_calls(self, ending: GatewayError) -> None:
        for inbox in (*self._calls.values(), self._changes):
            inbox.put(ending)

    def _refuse(self, raw: Overlong) -> None:
        """Its call fails, and no other. Raises UpstreamTooLarge where it cannot be told whether a call waits for it."""
        id = raw.answers
        if id is None and not raw.is_call:
            raise UpstreamTooLarge(self._namespace, "sent a line longer than its max_body and was stopped.")
        if id is not None and id in self._calls:
            self._calls[id].put(UpstreamTooLarge(self._namespace, TOO_LONG))
        else:
            self.misbehaved(f"{self.transport}: it sent a line longer than its max_body that nobody waits for")

    async def _take(self, raw: bytes) -> None:
        try:
            received = messages.decode(raw)
        except messages.Malformed as fault:
            self.misbehaved(f"{self.transport}: it sent {fault}")
            return
        for message in received:
            if isinstance(message, messages.Response):
                if message.id in self._calls:
                    self._calls[message.id].put(message)
                elif not self._was_asked(message.id):
                    self.misbehaved(f"{self.transport}: it answered a request that was never sent")
            elif isinstance(message, messages.Request):
                await self._ask(message, len(raw))
            else:
                self._tell(message, len(raw))

    async def _ask(self, message: messages.Request, size: int) -> None:
        """A request names no call it belongs to: the youngest running one is the best guess, and there is one user.

        A session that declared nothing may have several, and nobody of them can be asked.
        """
        youngest = self._calls[next(reversed(self._calls))] if self._calls else None
        if youngest is None or youngest.is_full or not self._capabilities or message.method == "ping":
            await self._reply(await answer_upstream(SILENT.ask, message))
        else:
            youngest.put(message, size)

    def _tell(self, message: messages.Notification, size: int) -> None:
        if message.method == "notifications/message":
            for inbox in self._calls.values():
                inbox.put(message, size)
            return
        if message.method == VISITED:
            self.visited(message.params)
            return
        meta = message.params.get("_meta")
        call = message.params.get("progressToken") or (meta.get(META_SUBSCRIPTION) if isinstance(meta, dict) else None)
        inbox = self._calls.get(call) if isinstance(call, str | int) else self._changes
        if inbox is not None:
            inbox.put(message, size)
        elif not self._was_asked(call):
            self.misbehaved(f"{self.transport}: it sent a notification about a request that was never sent")

    def _was_asked(self, id: Any) -> bool:
        """Whether that was ever a request of ours, perhaps one that is over."""
        return isinstance(id, int) and 0 < id <= self._asked

    async def close(self) -> None:
        self.closed = True
        await self._errands.finish()
        if self._ended:  # the reader is finding out why, for those who wait
            await asyncio.wait([self._reader], timeout=LAST_WORDS_SECONDS)
        self._reader.cancel()
        await asyncio.wait([self._reader])
        await self._channel.close()
        self._fail_calls(UpstreamLost(self._namespace, f"was closed. {UNKNOWN}"))
