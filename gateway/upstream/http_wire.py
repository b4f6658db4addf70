"""JSON-RPC over HTTP, as both eras of Streamable HTTP send it: one POST a message, JSON or an event stream back."""

import re
from collections import deque
from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from gateway.config.model import UpstreamConfig
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
from gateway.upstream.credential import Credential
from gateway.upstream.http1 import BodyTooLarge, HttpClient, Redirected, Response, header_block
from gateway.upstream.http_connection import HttpError, NotHttp
from gateway.upstream.http_idle import Origins
from gateway.upstream.session import UNKNOWN
from gateway.upstream.sse import EventParser, EventTooLarge

ACCEPT: Final = header_block({"Content-Type": "application/json", "Accept": "application/json, text/event-stream"})
ERROR_BODY = 64 * 1024
# A line that begins so, and no value that has such words in it: a client chooses some of those.
SESSION_LINE: Final = b"\r\nMcp-Session-Id: "
MAX_DIGITS = 9
# What goes back as Last-Event-ID; another id is as good as none.
HEADER_TEXT = re.compile(r"[\x20-\x7e]*")


def named(namespace: str, error: Exception) -> UpstreamError:
    """One of the client's failures, under the name that the rest of the gateway knows."""
    match error:
        case BodyTooLarge() | EventTooLarge():
            return UpstreamTooLarge(namespace, f"was cut off: {error}. Raise its max_body if this is expected.")
        case Redirected():
            return UpstreamBroken(namespace, f"{error}. Nothing ran; put the final address in its url.")
        case NotHttp():
            return UpstreamBroken(namespace, f"{error}. {UNKNOWN} Check that its url is an MCP endpoint.")
        case HttpError(sent=True):
            return UpstreamLost(namespace, f"lost the connection: {error}. {UNKNOWN}")
        case HttpError():
            return UpstreamDown(namespace, f"{error}. Nothing was sent.")
    return UpstreamBroken(namespace, f"answered {error}. {UNKNOWN} Check that its url is an MCP endpoint.")


FAILURES = (HttpError, EventTooLarge, messages.Malformed)


@contextmanager
def named_errors(namespace: str) -> Generator[None]:
    """The client's failures within the block, under their names."""
    try:
        yield
    except FAILURES as error:
        raise named(namespace, error) from error


@dataclass(slots=True)
class Position:
    """Where an event stream can be taken up again (2025-11-25 `basic/transports`, Resumability); no id, nowhere.

    `retry` is how many seconds to wait before.
    """

    last_id: str = ""
    retry: float = 0.5


class Incoming:
    """The messages of one answer as they come, from JSON or from an event stream; `position` moves along with them.

    No generator: a call would pay for each of its steps.
    """

    __slots__ = ("_ended", "_events", "_limit", "_ready", "_response", "position")

    def __init__(self, response: Response, limit: int, known: Sequence[messages.Message] | None):
        self.position = Position()
        self._response = response
        self._limit = limit
        self._ready = deque(known or ())
        self._ended = known is not None
        self._events = EventParser(limit) if _media_type(response) == "text/event-stream" else None

    def __aiter__(self) -> "Incoming":
        return self

    async def __anext__(self) -> messages.Message:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            if self._events is None:
                await self._whole()
            else:
                await self._more(self._events)
        return self._ready.popleft()

    async def _whole(self) -> None:
        self._ended = True
        if body := await self._response.read(self._limit):
            if (kind := _media_type(self._response)) != "application/json":
                raise messages.Malformed(f"{kind or 'something without a media type'}, not JSON")
            self._ready.extend(messages.decode(body))

    async def _more(self, events: EventParser) -> None:
        chunk = await self._response.chunk(self._limit)
        self._ended = not chunk
        found = events.feed(chunk)
        self.position.last_id = events.last_id if HEADER_TEXT.fullmatch(events.last_id) else ""
        self.position.retry = events.retry if events.retry is not None else self.position.retry
        for event in found:
            # One without data only gives an id to resume from (2025-11-25 `basic/transports`).
            if event.type == "message" and event.data:
                self._ready.extend(messages.decode(event.data))


class Reply:
    """An answer, whose head is there, and its messages as they come. It is over where its block ends.

    Leave the block by an exception, and its connection is dropped.
    """

    def __init__(self, wire: "HttpWire", response: Response, known: list[messages.Message] | None):
        self._wire = wire
        self._response = response
        self._known = known
        self._incoming: Incoming | None = None
        self.status = response.status
        self.headers = response.headers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._response.leave(failed=kind is not None)
        if isinstance(error, FAILURES):
            raise named(self._wire.namespace, error) from error

    @property
    def incoming(self) -> Incoming:
        """All that comes, in order."""
        if self._incoming is None:
            self._incoming = Incoming(self._response, self._wire.limit, self._known)
        return self._incoming

    @property
    def position(self) -> Position:
        """Where the stream can be taken up again after the messages that have come."""
        return self.incoming.position

    def only(self) -> messages.Response | None:
        """The response, where it is alone in an answer that is JSON and all here: most are, and need no waiting."""
        if self._known is not None or self.headers.get("content-type") != "application/json":
            return None
        if not (body := self._response.whole(self._wire.limit)):
            return None
        self._known = messages.decode(body)
        if len(self._known) == 1 and isinstance(only := self._known[0], messages.Response):
            return only
        return None


class HttpWire:
    """Posts messages to one endpoint with the credential configured for it, and nothing else of anyone's.

    `headers` are lines of `header_block`: most requests of a session have the same.
    """

    __slots__ = ("client", "credential", "limit", "namespace")

    def __init__(self, namespace: str, config: UpstreamConfig, origins: Origins | None = None):
        assert config.url is not None
        self.namespace = namespace
        self.limit = config.max_body
        self.client = HttpClient(config.url, connect_timeout=config.patience, origins=origins)
        self.credential = Credential(config)

    async def post(self, body: bytes, headers: bytes = b"", *, target: str = "", method: str = "POST") -> Reply:
        """Send one message. Leave the block by an exception and the call is cancelled, by closing its connection.

        Raises, within the block as well:
            UpstreamError: one of its kinds, by status.
            SessionLost: 404, or 400 with words about the session, for a request that named one.
        """
        used = self.credential.block
        known: list[messages.Message] | None = None
        try:
            response = await self.client.send(method, ACCEPT + used + headers, body, target)
            if response.status >= 300:
                response = await self.resent(response, method, body, headers, target, used)
                if response.status >= 300:
                    known = await self._refused(response, method, headers)
            if known is None and "content-encoding" in response.headers:
                _check_encoding(response)
        except FAILURES as error:
            raise named(self.namespace, error) from error
        return Reply(self, response, known)

    def stream(self, headers: bytes) -> Awaitable[Reply]:
        """Open the stream that a session says things on that belong to no request (2025-11-25 `basic/transports`).

        Raises:
            UpstreamHttpError: it has no such stream (405), or refuses it.
            UpstreamError, SessionLost: as `post`.
        """
        return self.post(b"", headers, method="GET")

    async def resent(
        self, response: Response, method: str, body: bytes, headers: bytes, target: str, used: bytes
    ) -> Response:
        """The answer to a request that was answered with a redirect, or with 401 although there is a newer credential
        than the one `used`: in either case the first one did not run. Any other `response` as it is."""
        response = await self.client.follow(response, method, ACCEPT + used + headers, body, target)
        if response.status != 401:
            return response
        try:
            renewed = await self.credential.renewed(used)
        except BaseException:  # a cancellation too
            response.drop()
            raise
        if not renewed:
            return response
        async with response:
            pass  # its body says nothing that matters now
        return await self.client.request(method, ACCEPT + self.credential.block + headers, body, target=target)

    async def _refused(self, response: Response, method: str, headers: bytes) -> list[messages.Message]:
        try:
            known = await self.refusal(response, SESSION_LINE in b"\r\n" + headers)
            if method == "GET":
                raise UpstreamHttpError(self.namespace, response.status)
            return known
        except BaseException:  # a cancellation too
            response.leave(failed=True)
            raise

    async def tell(self, body: bytes, headers: bytes = b"", *, target: str = "") -> None:
        """Send a message that has no answer, and see that it is taken.

        Raises:
            UpstreamHttpError: it was not.
            UpstreamError, SessionLost: as `post`.
        """
        with await self.post(body, headers, target=target) as reply:
            if reply.status >= 300:
                raise UpstreamHttpError(self.namespace, reply.status)

    async def refusal(self, response: Response, in_session: bool) -> list[messages.Message]:
        """The JSON-RPC error that came with such a status; everything else is raised under its name."""
        status = response.status
        found = await _error_messages(response)
        if in_session and (status == 404 or (status == 400 and _speaks_of_session(found))):
            raise SessionLost
        if status in (401, 403):
            raise UpstreamRefused(
                self.namespace, f"refused our credential (HTTP {status}). Check its auth in the configuration."
            )
        if status == 429:
            raise UpstreamLimited(
                self.namespace,
                "is limiting us (HTTP 429). Wait before the next call.",
                retry_after=_seconds(response.headers.get("retry-after", "")),
            )
        if found and isinstance(found[0], messages.Response) and found[0].error is not None:
            return found
        raise UpstreamHttpError(self.namespace, status)

    def close(self) -> None:
        """Drop every connection."""
        self.client.close()


class UpstreamHttpError(UpstreamError):
    """An HTTP status of 300 and more without a JSON-RPC error to go with it."""

    def __init__(self, namespace: str, status: int):
        ran = f" {UNKNOWN}" if status >= 500 else ""
        message = f"answered HTTP {status}.{ran} Check its url, and its own log."
        super().__init__(namespace, message, http_status=status)
        self.status = status


def _check_encoding(response: Response) -> None:
    if response.headers["content-encoding"].lower() != "identity":
        response.drop()
        raise messages.Malformed("with a compressed body, which nobody asked for")


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _error_messages(response: Response) -> list[messages.Message]:
    try:
        body = await response.read(ERROR_BODY)
        return messages.decode(body) if _media_type(response) == "application/json" else []
    except (BodyTooLarge, messages.Malformed):
        return []


def _speaks_of_session(found: list[messages.Message]) -> bool:
    # The TypeScript SDK's examples answer 400 "No valid session ID provided" where the specification says 404.
    errors = [message.error for message in found if isinstance(message, messages.Response)]
    return any("session" in str(error.get("message")).lower() for error in errors if error is not None)


def _seconds(retry_after: str) -> int | None:
    """Whole seconds; the date form of Retry-After (RFC 9110 10.2.3) is as good as none."""
    return (
        int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= MAX_DIGITS else None
    )
