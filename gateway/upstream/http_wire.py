"""JSON-RPC over HTTP, as both eras of Streamable HTTP send it: one POST a message, JSON or an event stream back."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
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
from gateway.upstream.http1 import BodyTooLarge, HttpClient, HttpError, Response, header_block
from gateway.upstream.sse import EventTooLarge, events

ACCEPT = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
ERROR_BODY = 64 * 1024


@contextmanager
def named_errors(namespace: str) -> Generator[None]:
    """The client's failures, under the names that the rest of the gateway knows."""
    try:
        yield
    except (BodyTooLarge, EventTooLarge) as error:
        raise UpstreamTooLarge(namespace, f"was cut off: {error}. Raise its max_body if this is expected.") from error
    except HttpError as error:
        if error.sent:
            raise UpstreamLost(namespace, f"lost the call: {error}. It is not known whether the call ran.") from error
        raise UpstreamDown(namespace, f"{error}. Nothing was sent.") from error
    except messages.Malformed as error:
        raise UpstreamBroken(namespace, f"answered {error}. Check that its url is an MCP endpoint.") from error


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer, and its messages as they come."""

    status: int
    headers: Mapping[str, str]
    messages: AsyncIterator[messages.Message]


class HttpWire:
    """Posts messages to one endpoint with the credential configured for it, and nothing else of anyone's."""

    def __init__(self, namespace: str, config: UpstreamConfig):
        assert config.url is not None
        self.namespace = namespace
        self.limit = config.max_body
        self.client = HttpClient(config.url, connect_timeout=config.patience)
        own = {name: value.get_secret_value() for name, value in config.headers.items()}
        if config.auth.bearer is not None:
            own["Authorization"] = f"Bearer {config.auth.bearer.get_secret_value()}"
        self.credential = header_block(own)
        self._fixed = header_block(ACCEPT) + self.credential

    @asynccontextmanager
    async def post(self, body: bytes, headers: Mapping[str, str], *, target: str = "") -> AsyncGenerator[Reply]:
        """Send one message; leave the block early and the call is cancelled by closing its connection.

        Raises:
            UpstreamError: one of its kinds, by status.
            SessionLost: 404, or 400 with words about the session, for a request that named one.
        """
        with named_errors(self.namespace):
            response = await self.client.request("POST", self._fixed + header_block(headers), body, target=target)
            async with response:
                if response.status >= 400:
                    incoming = _listed(await self._error(response, "Mcp-Session-Id" in headers))
                else:
                    incoming = self._messages(response)
                yield Reply(response.status, response.headers, incoming)

    async def _messages(self, response: Response) -> AsyncIterator[messages.Message]:
        kind = _media_type(response)
        if kind == "text/event-stream":
            async for event in events(response.chunks(self.limit), self.limit):
                if event.type == "message":
                    for message in messages.decode(event.data):
                        yield message
        elif body := await response.read(self.limit):
            if kind != "application/json":
                raise messages.Malformed(f"{kind or 'something without a media type'}, not JSON")
            for message in messages.decode(body):
                yield message

    async def _error(self, response: Response, in_session: bool) -> list[messages.Message]:
        """The JSON-RPC error in a 4xx answer; everything else is raised under its name."""
        status = response.status
        body = await response.read(ERROR_BODY)
        found: list[messages.Message] = []
        if _media_type(response) == "application/json":
            try:
                found = messages.decode(body)
            except messages.Malformed:
                found = []
        if in_session and (status == 404 or (status == 400 and _speaks_of_session(found))):
            raise SessionLost
        if status in (401, 403):
            raise UpstreamRefused(
                self.namespace, f"refused our credential (HTTP {status}). Check its auth in the configuration."
            )
        if status == 429:
            wait = response.headers.get("retry-after", "")
            raise UpstreamLimited(
                self.namespace,
                "is limiting us (HTTP 429). Wait before the next call.",
                retry_after=int(wait) if wait.isascii() and wait.isdigit() else None,
            )
        if found and isinstance(found[0], messages.Response) and found[0].error is not None:
            return found
        raise UpstreamHttpError(self.namespace, status)

    def close(self) -> None:
        """Drop every connection."""
        self.client.close()


class UpstreamHttpError(UpstreamError):
    """An HTTP status of 400 and more without a JSON-RPC error to go with it."""

    def __init__(self, namespace: str, status: int):
        super().__init__(namespace, f"answered HTTP {status}. Check its url, and its own log.", http_status=status)
        self.status = status


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _speaks_of_session(found: list[messages.Message]) -> bool:
    # The TypeScript SDK's examples answer 400 "No valid session ID provided" where the specification says 404.
    return any(isinstance(m, messages.Response) and "session" in str(m.error or "").lower() for m in found)


async def _listed(found: list[messages.Message]) -> AsyncIterator[messages.Message]:
    for message in found:
        yield message
