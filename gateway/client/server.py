"""One MCP server to call, wherever it is: a URL, a program to start, or a FastMCP object of this process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from fastmcp import Client, FastMCP
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from fastmcp.mcp_config import infer_transport_type_from_url
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolResult,
    Prompt,
    Resource,
    ResourceTemplate,
    Tool,
)

from gateway.client.wire import ENDED, MOST_BYTES, Wire, wire_to
from gateway.config.masks import MASK, mask_url
from gateway.errors import (
    GatewayError,
    InvalidRequest,
    UpstreamAnswered,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLost,
    UpstreamTimeout,
    UpstreamTooLarge,
)

At = str | Sequence[str] | FastMCP

CONNECT_SECONDS = 10.0
CALL_SECONDS = 30.0
CLOSE_SECONDS = 2.0
MOST_PAGES = 100

OF_THE_CLIENT = (MCPError, httpx2.HTTPError, OSError, RuntimeError, ValueError, ExceptionGroup)
"""All that FastMCP's client raises. `TimeoutError` is an `OSError`, a model that does not fit a `ValueError`."""


NO_MCP = "answered something that is not MCP. Check the URL's path."
OF_THE_SDK: tuple[tuple[str, type[UpstreamError], str], ...] = (
    ("SSE stream failed", UpstreamTooLarge, "sent an event of more than 1 MiB, or one that cannot be read."),
    ("SSE stream ended", UpstreamLost, ENDED),
    ("SSE stream disconnected", UpstreamLost, ENDED),
    ("Connection closed", UpstreamLost, ENDED),
    ("Session terminated", UpstreamLost, "has forgotten the session. Connect again."),
    ("Unexpected content type", UpstreamBroken, NO_MCP),
    ("server answered a request with 202", UpstreamBroken, NO_MCP),
    ("Failed to parse", UpstreamBroken, NO_MCP),
)
"""How the errors begin that the SDK makes itself, and what they mean. Its codes are those that servers use as well."""
ASKED_BACK = ("Elicitation not supported", "Sampling not supported", "List roots not supported")


class Server:
    """A connection to one MCP server, in whichever era it speaks, open for as long as the `async with` block lasts.

    Every method raises a `GatewayError` that says what failed, why and what to do: `UpstreamDown`, `UpstreamTimeout`,
    `Unauthenticated`, `Forbidden`, and so on; `UpstreamAnswered` for an error that the server itself returned.
    """

    def __init__(self, at: At, *, name: str = "", bearer: str = ""):
        """Say where it is; nothing is sent yet.

        Args:
            at: a URL, a program and its arguments, or a server object.
            name: what errors call it; without one, its URL without secrets, or the program's name.
            bearer: token to send in `Authorization`, to a URL only.

        Raises:
            InvalidRequest: `at` is no URL that can be connected to.
        """
        self.name = name or _name_of(at)
        self._at = at
        self._bearer = bearer
        self._wire: Wire | None = None
        self._client: Client[Any] | None = None
        if isinstance(at, str):
            _check(at)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def again(self) -> "Server":
        """The same server, not connected to yet."""
        return Server(self._at, name=self.name, bearer=self._bearer)

    async def open(self, *, deadline: float = CONNECT_SECONDS) -> None:
        """Connect, and find out which era it speaks. `close` is owed afterwards; the `async with` block does both."""
        client = self._made()
        async with self._named(deadline, "take a connection"):
            await client.__aenter__()
        self._client = client

    async def close(self) -> None:
        """Leave. Twice is harmless."""
        client, self._client = self._client, None
        if client is not None:
            # What ended the session was told when it did. FastMCP goes on closing by itself when the time is over.
            with contextlib.suppress(*OF_THE_CLIENT):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await client.__aexit__(None, None, None)

    @property
    def version(self) -> str:
        """The protocol version that was agreed on; empty while not connected."""
        version = self._client.protocol_version if self._client is not None else None
        return version or ""

    @property
    def about(self) -> str:
        """The server's own name and version, as it says."""
        info = self._client.server_info if self._client is not None else None
        return self.masked(f"{info.name} {info.version}".strip()[:200]) if info else ""

    async def tools(self, *, deadline: float = CALL_SECONDS) -> list[Tool]:
        """Every tool that it offers."""
        async with self._named(deadline, "list its tools"):
            return await self._open().list_tools(max_pages=MOST_PAGES)

    async def resources(self, *, deadline: float = CALL_SECONDS) -> list[Resource]:
        """Every resource; none if it has no resources at all."""
        if not self._has("resources"):
            return []
        async with self._named(deadline, "list its resources"):
            return await self._open().list_resources(max_pages=MOST_PAGES)

    async def templates(self, *, deadline: float = CALL_SECONDS) -> list[ResourceTemplate]:
        """Every resource template."""
        if not self._has("resources"):
            return []
        async with self._named(deadline, "list its templates"):
            return await self._open().list_resource_templates(max_pages=MOST_PAGES)

    async def prompts(self, *, deadline: float = CALL_SECONDS) -> list[Prompt]:
        """Every prompt; none if it has no prompts at all."""
        if not self._has("prompts"):
            return []
        async with self._named(deadline, "list its prompts"):
            return await self._open().list_prompts(max_pages=MOST_PAGES)

    async def call(
        self, tool: str, arguments: Mapping[str, Any] | None = None, *, deadline: float | None = CALL_SECONDS
    ) -> CallToolResult:
        """Call one tool, once. A tool that fails says so in the result's `is_error`, and raises nothing.

        Without a deadline (None) it may take as long as the server lets it.
        """
        async with self._named(deadline, f"answer the call of {tool}"):
            return await self._open().call_tool_mcp(tool, dict(arguments or {}))

    def masked(self, text: str) -> str:
        """A text of the server's as it can be shown: without control characters, and without the token."""
        safe = text.replace(self._bearer, MASK) if self._bearer else text
        return "".join(each if each.isprintable() or each == "\n" else " " for each in safe)

    def _open(self) -> Client[Any]:
        if self._client is None:
            raise InvalidRequest(f"'{self.name}' is not connected. Use it in an `async with` block.")
        return self._client

    def _has(self, capability: str) -> bool:
        capabilities = self._open().server_capabilities
        return capabilities is None or getattr(capabilities, capability) is not None

    def _made(self) -> Client[Any]:
        """A new client. Our own deadlines bound it; FastMCP's are off."""
        match self._at:
            case FastMCP():
                return Client(self._at, init_timeout=0)
            case str():
                self._wire = wire_to(self._at, self.name)
                kind = SSETransport if infer_transport_type_from_url(self._at) == "sse" else StreamableHttpTransport
                factory = self._wire.client
                return Client(kind(self._at, auth=self._bearer or None, httpx_client_factory=factory), init_timeout=0)
            case [program, *arguments]:
                return Client(StdioTransport(program, arguments, keep_alive=False), init_timeout=0)
        raise InvalidRequest("A server is a URL, a program with its arguments, or a FastMCP object.")

    @contextlib.asynccontextmanager
    async def _named(self, seconds: float | None, doing: str) -> AsyncGenerator[None]:
        """Whatever fails inside gets a name, and it ends after so many seconds."""
        clock = asyncio.timeout(seconds)
        try:
            async with clock:
                yield
        except GatewayError:
            raise
        except OF_THE_CLIENT as error:
            if clock.expired():
                raise UpstreamTimeout(self.name, f"did not {doing} within {seconds:.3g} s.") from None
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> GatewayError:
        """What an exception of FastMCP's client means. Of its words, which may hold anything, only a server's own."""
        for each in _chain(error):
            if self._wire is not None and (named := self._wire.claim(_token_of(each))) is not None:
                return named
        if self._wire is not None and self._wire.passed_bound:
            return UpstreamTooLarge(self.name, f"answered with more than {MOST_BYTES // 2**20} MiB.")
        for each in _chain(error):
            if isinstance(each, MCPError):
                return self._answered(each)
            if isinstance(each, httpx2.TransportError):
                return UpstreamLost(self.name, ENDED)
            if isinstance(each, OSError) and not isinstance(self._at, str):
                return UpstreamDown(self.name, f"cannot be started: {(each.strerror or 'no reason given').lower()}.")
        return UpstreamBroken(self.name, f"gave an answer that cannot be used ({type(error).__name__}).")

    def _answered(self, error: MCPError) -> GatewayError:
        """The server's own error, or what the SDK says where there was no answer that it could take."""
        message = error.error.message
        for beginning, kind, words in OF_THE_SDK:
            if message.startswith(beginning):
                return kind(self.name, words)
        if message in ASKED_BACK:
            return UpstreamAnswered(
                error.error.code, "The tool asks its caller for something, which cannot be given here."
            )
        return UpstreamAnswered(error.error.code, self.masked(message), error.error.data)


def _chain(error: BaseException) -> list[BaseException]:
    """An exception, what it came from, and what is in it if it is a group."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or each in found:
            continue
        found.append(each)
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting += [*inner, each.__cause__, each.__context__]
    return found


def _token_of(error: BaseException) -> Any:
    if isinstance(error, MCPError):
        return error.error.data
    return error.response.extensions.get("token") if isinstance(error, httpx2.HTTPStatusError) else None


def _name_of(at: At) -> str:
    if isinstance(at, str):
        return mask_url(at)[:200]
    return at.name if isinstance(at, FastMCP) else (at[0] if at else "")


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        well = False
    if not well or " " in url:
        raise InvalidRequest("That is no URL to connect to. Write it whole, as http://127.0.0.1:8000/mcp.")
