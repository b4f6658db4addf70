"""A conversation with one upstream, whatever its transport and era."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gateway.errors import GatewayError, UpstreamAnswered
from gateway.ground.version import VERSION
from gateway.upstream import messages
from gateway.upstream.listener import Ask, Era, Listener, Notify

Transport = Literal["http", "sse", "stdio"]

MODERN: Final = "2026-07-28"
LEGACY: Final = "2025-11-25"
LEGACY_VERSIONS = frozenset({"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"})

META_RESERVED: Final = "io.modelcontextprotocol/"
META_PROTOCOL: Final = "io.modelcontextprotocol/protocolVersion"
META_CLIENT: Final = "io.modelcontextprotocol/clientInfo"
META_CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
META_LOG_LEVEL: Final = "io.modelcontextprotocol/logLevel"
META_SUBSCRIPTION: Final = "io.modelcontextprotocol/subscriptionId"
META_SERVER: Final = "io.modelcontextprotocol/serverInfo"

UNKNOWN: Final = "It is not known whether the call ran."
"""What an error has to say of a call that was sent."""

VISITED: Final = "notifications/elicitation/complete"
"""A page that the user was asked to visit was dealt with (2025-11-25 `client/elicitation`)."""

CLIENT_INFO = {"name": "one-url-gateway", "version": VERSION}


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What an upstream says of itself: protocol version, capabilities, instructions, its own name."""

    version: str
    capabilities: Mapping[str, Any]
    instructions: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)


class Session(ABC):
    """One open conversation. `request` may run many at once; `close` ends them all.

    `stateful` says that the upstream keeps state for it, so that it must not be shared between callers.
    """

    era: Era
    transport: Transport
    facts: ServerFacts
    stateful: bool = True
    closed: bool = False
    log_level: str | None = None
    """The level last set with `logging/setLevel` (legacy only)."""
    misbehaved: Callable[[str], None] = staticmethod(lambda _: None)
    """Called with what the upstream does against the protocol without spoiling an answer."""
    visited: Callable[[Mapping[str, Any]], None] = staticmethod(lambda _: None)
    """Called with the params of `VISITED`, whichever stream it came on (legacy only)."""

    @abstractmethod
    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Send one request and return its result. `headers` are the protocol's own for this request (HTTP only).

        Cancelling the call cancels it upstream.

        Raises:
            UpstreamAnswered: the upstream's own JSON-RPC error.
            UpstreamError: it could not answer.
            SessionLost: it forgot the session; nothing ran.
        """

    async def describe(self) -> ServerFacts:
        """What the upstream says of itself now. A handshake fixed it once for all."""
        return self.facts

    @abstractmethod
    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        """Hear of changed lists, and of changes to the resources `uris`, until the upstream ends the stream.

        Raises:
            UpstreamAnswered, UpstreamError, SessionLost: as `request`; an upstream that tells nothing refuses.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the conversation; calls still running fail."""


def is_own(told: messages.Notification, id: messages.Id, misbehaved: Callable[[str], None]) -> bool:
    """Whether a notification in the answer to request `id` may belong there: no progress of something else does."""
    if told.method != "notifications/progress" or told.params.get("progressToken") == id:
        return True
    misbehaved("notifications/progress: it has a token that was not given to it")
    return False


async def answer_upstream(ask: Ask, message: messages.Request) -> bytes:
    """What to send back for a request of the upstream's: the client's result, or an error."""
    if message.method == "ping":
        return messages.result(message.id, {})
    try:
        return messages.result(message.id, await ask(message.method, message.params))
    except UpstreamAnswered as error:
        return messages.error(message.id, error.code, error.message, error.data)
    except GatewayError as error:
        return messages.error(message.id, error.code, error.message)
