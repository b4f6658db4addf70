"""One conversation of the handshake era (2025-11-25 and older), apart from its transport."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.caller import LEVELS, at_least
from tests.upstreams.raw.streams import Stream
from tests.upstreams.raw.wire import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    LEGACY,
    Json,
    RpcError,
    answer,
    meta_of,
    notification,
    params_of,
)

Put = Callable[[Json], None]
"""Where the messages that belong to one request go."""


class Session:
    """What the client said at the handshake, what runs for it, what it waits for and what we wait for.

    `beside` gets messages that belong to no request. `lenient` sessions (servers without session ids) never saw a
    handshake and don't ask for one.
    """

    def __init__(self, behaviour: Behaviour, session_id: str = "", *, lenient: bool = False):
        self.behaviour = behaviour
        self.id = session_id
        self.beside = Stream("beside")
        self.about: Json = {}
        self.level = "debug"
        self.subscribed: set[str] = set()
        self._open = lenient
        self._running: dict[Any, asyncio.Task[Any]] = {}
        self._asked: dict[Any, asyncio.Future[Json]] = {}
        self._ids = itertools.count(1)
        behaviour.listeners.add(self)

    @property
    def version(self) -> str:
        return self.about.get("protocolVersion", "")

    async def request(self, message: Json, headers: Mapping[str, str], put: Put) -> Json | None:
        """The final message; None when the client cancelled, for then there is none."""
        task = asyncio.ensure_future(self._perform(message, LegacyCaller(self, headers, meta_of(message), put)))
        self._running[message["id"]] = task
        try:
            return answer(message["id"], self.behaviour.as_told(message["method"], await task))
        except RpcError as failure:
            return failure.answer(message["id"])
        except asyncio.CancelledError:
            if task.cancelled():
                return None
            task.cancel("server")
            raise
        finally:
            if self._running.get(message["id"]) is task:  # clients that share this session may use the same id
                del self._running[message["id"]]

    def runs(self, request_id: Any) -> bool:
        return request_id in self._running

    def notified(self, message: Json) -> None:
        """A notification of the client's. Only a cancellation means anything to us."""
        task = self._running.get(params_of(message).get("requestId"))
        if message["method"] == "notifications/cancelled" and task is not None:
            task.cancel("notification")

    def answered(self, message: Json) -> None:
        """The client's answer to a request of ours; one that nobody waits for is dropped."""
        waiting = self._asked.pop(message.get("id"), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def ask(self, method: str, params: Json, put: Put) -> Json:
        """The client's result. Raises RpcError with the client's own error."""
        request_id = f"raw-{next(self._ids)}"
        self._asked[request_id] = asyncio.get_running_loop().create_future()
        put({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        said = await self._asked[request_id]
        if "error" in said:
            raise RpcError(said["error"]["code"], f"The client refused: {said['error']['message']}")
        return said["result"]

    def tell(self, method: str, params: Json) -> None:
        if "uri" not in params or params["uri"] in self.subscribed:
            self.beside.put(notification(method, params or None))

    def end(self, *, politely: bool) -> None:
        """Close the stream for messages beside requests; another may be opened."""
        ending, self.beside = self.beside, Stream("beside")
        ending.end(dropped=not politely)

    def close(self) -> None:
        self.behaviour.listeners.discard(self)
        self.beside.end()
        for task in self._running.values():
            task.cancel("server")

    async def _perform(self, message: Json, caller: "LegacyCaller") -> Json:
        method, params = message["method"], params_of(message)
        if method in ("initialize", "ping"):
            return self._initialize(params) if method == "initialize" else {}
        if method in ("logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
            return self._set(method, params)
        if not self._open:
            raise RpcError(INVALID_REQUEST, "The first request must be initialize")
        return await self.behaviour.perform(method, params, caller)

    def _initialize(self, params: Json) -> Json:
        requested = params.get("protocolVersion")
        version = requested if requested in LEGACY else LEGACY[0]
        self.about = {**params, "protocolVersion": version}
        self._open = True
        return {
            "protocolVersion": version,
            "capabilities": self._capabilities(),
            "serverInfo": self.behaviour.server_info,
            "instructions": self.behaviour.instructions,
        }

    def _capabilities(self) -> Json:
        pushes = self.behaviour.settings.session
        resources = {"subscribe": pushes, "listChanged": False}
        return {
            "tools": {"listChanged": pushes},
            "resources": resources,
            "prompts": {},
            "logging": {},
            "completions": {},
        }

    def _set(self, method: str, params: Json) -> Json:
        if method == "resources/subscribe":
            self.subscribed.add(params.get("uri", ""))
        elif method == "resources/unsubscribe":
            self.subscribed.discard(params.get("uri", ""))
        elif params.get("level") in LEVELS:
            self.level = params["level"]
        else:
            raise RpcError(INVALID_PARAMS, f"Unknown level: use one of {', '.join(LEVELS)}")
        return {}


@dataclass(frozen=True)
class LegacyCaller:
    """The caller of one request in a session."""

    session: Session
    headers: Mapping[str, str]
    meta: Json
    put: Put
    era: str = "legacy"

    @property
    def about(self) -> Json:
        return {**self.session.about, "session": self.session.id}

    def tell(self, method: str, params: Json) -> None:
        self.put(notification(method, params))

    def wants_log(self, level: str) -> bool:
        return at_least(level, self.session.level)

    async def ask(self, key: str, method: str, params: Json) -> Json:
        capability = method.partition("/")[0]
        if capability not in self.session.about.get("capabilities", {}):
            raise RpcError(INVALID_REQUEST, f"The client never declared {capability}")
        return await self.session.ask(method, params, self.put)


def is_request(message: Any) -> bool:
    return isinstance(message, dict) and isinstance(message.get("method"), str) and "id" in message


def is_notification(message: Any) -> bool:
    return isinstance(message, dict) and isinstance(message.get("method"), str) and "id" not in message


def is_answer(message: Any) -> bool:
    return isinstance(message, dict) and "method" not in message and ("result" in message or "error" in message)
