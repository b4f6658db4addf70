"""JSON-RPC over HTTP, as both eras of Streamable HTTP send it: one POST a message, JSON or an event stream back."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass

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
from gateway.upstream.session import UNKNOWN
from gateway.upstream.sse import EventParser, EventTooLarge

ACCEPT = header_block({"Content-Type": "application/json", "Accept": "application/json, text/event-stream"})
ERROR_BODY = 64 * 1024
MAX_DIGITS = 9
# What goes back as Last-Event-ID; another id is as good as none.
HEADER_TEXT = re.compile(r"[\x20-\x7e]*")


@contextmanager
def named_errors(namespace: str) -> Generator[None]:
    """The client's failures, under the names that the rest of the gateway knows."""
    try:
        yield
    except (BodyTooLarge, EventTooLarge) as error:
        raise UpstreamTooLarge(namespace, f"was cut off: {error}. Raise its max_body if this is expected.") from error
    except Redirected as error:
        raise UpstreamBroken(namespace, f"{error}. Nothing ran; put the final address in its url.") from error
    except NotHttp as error:
        raise UpstreamBroken(namespace, f"{error}. {UNKNOWN} Check that its url is an MCP endpoint.") from error
    except HttpError as error:
        if error.sent:
            raise UpstreamLost(namespace, f"lost the connection: {error}. {UNKNOWN}") from error
        raise UpstreamDown(namespace, f"{error}. Nothing was sent.") from error
    except messages.Malformed as error:
        raise UpstreamBroken(
            namespace, f"answered {error}. {UNKNOWN} Check that its url is an MCP endpoint."
        ) from error


@dataclass(slots=True)
class Position:
    """Where an event stream can be taken up again (2025-11-25 `basic/transports`, Resumability); no id, nowhere.

    `retry` is how many seconds to wait before.
    """

    last_id: str = ""
    retry: float = 0.5


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer, and its messages as they come; `position` moves along with them."""

    status: int
    headers: Mapping[str, str]
    messages: AsyncIterator[messages.Message]
    position: Position


class HttpWire:
    """Posts messages to one endpoint with the credential configured for it, and nothing else of anyone's."""

    def __init__(self, namespace: str, config: UpstreamConfig):
        assert config.url is not None
        self.namespace = namespace
        self.limit = config.max_body
        self.client = HttpClient(config.url, connect_timeout=config.patience)
        self.credential = Credential(config)

    @asynccontextmanager
    async def post(self, body: bytes, headers: Mapping[str, str], *, target: str = "") -> AsyncGenerator[Reply]:
        """Send one message; leave the block by an exception and the call is cancelled by closing its connection.

        Raises:
            UpstreamError: one of its kinds, by status.
            SessionLost: 404, or 400 with words about the session, for a request that named one.
        """
        async with self._exchange("POST", body, headers, target) as reply:
            yield reply

    @asynccontextmanager
    async def stream(self, headers: Mapping[str, str]) -> AsyncGenerator[Reply]:
        """Open the stream that a session says things on that belong to no request (2025-11-25 `basic/transports`).

        Raises:
            UpstreamHttpError: it has no such stream (405), or refuses it.
            UpstreamError, SessionLost: as `post`.
        """
        async with self._exchange("GET", b"", headers, "") as reply:
            if reply.status >= 300:
                raise UpstreamHttpError(self.namespace, reply.status)
            yield reply

    @asynccontextmanager
    async def _exchange(
        self, method: str, body: bytes, headers: Mapping[str, str], target: str
    ) -> AsyncGenerator[Reply]:
        with named_errors(self.namespace):
            response = await self._request(method, body, header_block(headers), target)
            async with response:
                position = Position()
                if response.status >= 300:
                    incoming = _listed(await self._error(response, "Mcp-Session-Id" in headers))
                else:
                    incoming = self._messages(response, position)
                async with aclosing(incoming):
                    yield Reply(response.status, response.headers, incoming, position)

    async def _request(self, method: str, body: bytes, headers: bytes, target: str) -> Response:
        """The answer's head. What was refused with 401 did not run: it is sent once more with a new credential."""
        used = self.credential.block
        response = await self.client.request(method, ACCEPT + used + headers, body, target=target)
        if response.status != 401:
            return response
        try:
            renewed = await self.credential.renewed(used)
        except BaseException:
            response.drop()
            raise
        if not renewed:
            return response
        async with response:
            pass  # its body says nothing that matters now
        return await self.client.request(method, ACCEPT + self.credential.block + headers, body, target=target)

    async def tell(self, body: bytes, headers: Mapping[str, str], *, target: str = "") -> None:
        """Send a message that has no answer, and see that it is taken.

        Raises:
            UpstreamHttpError: it was not.
            UpstreamError, SessionLost: as `post`.
        """
        async with self.post(body, headers, target=target) as reply:
            if reply.status >= 300:
                raise UpstreamHttpError(self.namespace, reply.status)

    async def _messages(self, response: Response, position: Position) -> AsyncGenerator[messages.Message]:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise messages.Malformed("with a compressed body, which nobody asked for")
        kind = _media_type(response)
        if kind == "text/event-stream":
            parser = EventParser(self.limit)
            while chunk := await response.chunk(self.limit):
                found = parser.feed(chunk)
                position.last_id = parser.last_id if HEADER_TEXT.fullmatch(parser.last_id) else ""
                position.retry = parser.retry if parser.retry is not None else position.retry
                for event in found:
                    # One without data only gives an id to resume from (2025-11-25 `basic/transports`).
                    if event.type == "message" and event.data:
                        for message in messages.decode(event.data):
                            yield message
        elif body := await response.read(self.limit):
            if kind != "application/json":
                raise messages.Malformed(f"{kind or 'something without a media type'}, not JSON")
            for message in messages.decode(body):
                yield message

    async def _error(self, response: Response, in_session: bool) -> list[messages.Message]:
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


async def _listed(found: list[messages.Message]) -> AsyncGenerator[messages.Message]:
    for message in found:
        yield message
