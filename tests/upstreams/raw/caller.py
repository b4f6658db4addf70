"""What a tool may know of its caller and do towards it, whatever the era and transport."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.upstreams.raw.wire import (
    INVALID_PARAMS,
    MISSING_CAPABILITY,
    InputRequired,
    Json,
    RpcError,
    encoded,
    notification,
)

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")

CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"


class Caller(Protocol):
    """One request's caller. `about` is what it said of itself; `headers` are empty on stdio."""

    @property
    def era(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def meta(self) -> Json: ...
    @property
    def about(self) -> Json: ...

    def tell(self, method: str, params: Json) -> None:
        """Send a notification that belongs to this request."""
        ...

    def wants_log(self, level: str) -> bool: ...

    async def ask(self, key: str, method: str, params: Json) -> Json:
        """The client's answer to a request of ours. Modern: raises InputRequired when it has not come along yet."""
        ...


def at_least(level: str, least: str) -> bool:
    return LEVELS.index(level) >= LEVELS.index(least)


@dataclass(frozen=True)
class ModernCaller:
    """A caller of revision 2026-07-28: all that is known of it stands in the request."""

    params: Json
    headers: Mapping[str, str]
    put: Callable[[Json], None]
    era: str = "modern"

    @property
    def meta(self) -> Json:
        return self.params["_meta"]

    @property
    def about(self) -> Json:
        return {"clientInfo": self.meta.get(CLIENT_INFO), "capabilities": self.meta[CLIENT_CAPABILITIES]}

    def tell(self, method: str, params: Json) -> None:
        self.put(notification(method, params))

    def wants_log(self, level: str) -> bool:
        least = self.meta.get(LOG_LEVEL)
        return least is not None and at_least(level, least)

    async def ask(self, key: str, method: str, params: Json) -> Json:
        capability = method.partition("/")[0]
        if capability not in self.meta[CLIENT_CAPABILITIES]:
            raise RpcError(MISSING_CAPABILITY, f"Client lacks {capability}", {"requiredCapabilities": {capability: {}}})
        state = "raw-state-" + hashlib.sha256(encoded(params)).hexdigest()
        answers: Any = self.params.get("inputResponses") or {}
        if key not in answers:
            raise InputRequired({key: {"method": method, "params": params}}, state)
        if self.params.get("requestState") != state:
            raise RpcError(INVALID_PARAMS, "requestState is not the one that was given")
        return answers[key]
