"""A fake upstream: a real MCP server on loopback, in a thread of its own, that does what a test tells it to."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Self

import anyio
import anyio.to_thread
import uvicorn
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult
from mcp_types import UNSUPPORTED_PROTOCOL_VERSION, CallToolRequestParams
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

Eras = Literal["both", "modern", "legacy"]

PATH = "/mcp"
STARTUP = 10.0
"""Seconds to begin to serve, and to end."""


class Received(NamedTuple):
    """One tool call that arrived."""

    tool: str
    arguments: dict[str, Any]


class FakeUpstream:
    """An MCP server at `url` while `with` lasts. It speaks both eras, or only the one that is named.

    `answer` gives it tools with answers known beforehand; `server` is a plain FastMCP server, for tools with code,
    resources and prompts. `hang`, `fail` and `slow` trouble any of its tools until `mend`. `calls` is what arrived.
    """

    def __init__(self, name: str = "fake", *, era: Eras = "both"):
        self.server = FastMCP(name)
        self.calls: list[Received] = []
        self._arrival = threading.Condition()
        self._trouble = _Trouble(self._arrived)
        self.server.add_middleware(self._trouble)
        self._era: Eras = era
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}{PATH}"

    def answer(self, tool: str, result: Any, *, read_only: bool = False) -> None:
        """Offer a tool that takes any arguments and gives `result`: text, or what JSON can hold."""
        self.server.add_tool(
            _Answering(
                name=tool,
                description=f"Answers what the test says of '{tool}'.",
                parameters={"type": "object"},
                annotations={"readOnlyHint": read_only},
                result=result,
            )
        )

    def hang(self, tool: str) -> None:
        """Let calls of the tool wait until their caller gives up."""
        self._trouble.seconds[tool] = float("inf")

    def slow(self, tool: str, seconds: float) -> None:
        """Let calls of the tool take that much longer."""
        self._trouble.seconds[tool] = seconds

    def fail(self, tool: str, message: str) -> None:
        """Let calls of the tool end with an error result of this text."""
        self._trouble.messages[tool] = message

    def mend(self) -> None:
        """End all trouble. What hangs already goes on hanging."""
        self._trouble.seconds.clear()
        self._trouble.messages.clear()

    async def arrived(self, count: int = 1, seconds: float = 5.0) -> list[Received]:
        """`calls`, once there are so many.

        Raises:
            TimeoutError: there are fewer after that time.
        """

        def wait() -> bool:
            with self._arrival:
                return self._arrival.wait_for(lambda: len(self.calls) >= count, seconds)

        if not await anyio.to_thread.run_sync(wait):
            raise TimeoutError(f"{len(self.calls)} instead of {count} calls arrived within {seconds:g} s.")
        return self.calls

    def _arrived(self, call: Received) -> None:
        with self._arrival:
            self.calls.append(call)
            self._arrival.notify_all()

    def __enter__(self) -> Self:
        app = _Speaking(self.server.http_app(path=PATH), self._era)
        config = uvicorn.Config(app, log_level="critical", ws="none", access_log=False, timeout_graceful_shutdown=0)
        self._serving = _Server(config)
        self._thread = threading.Thread(target=self._serving.run, args=([self._socket],), daemon=True)
        self._thread.start()
        if not self._serving.began.wait(STARTUP):
            raise TimeoutError(f"The fake upstream does not serve after {STARTUP:g} s.")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Go down, with whatever is under way. Twice is harmless."""
        self._serving.should_exit = True
        self._thread.join(STARTUP)
        self._socket.close()


@dataclass
class _Trouble(Middleware):
    """Tells of each tool call and does to it what is wrong with its tool."""

    arrived: Callable[[Received], None]
    seconds: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    async def on_call_tool(
        self, context: MiddlewareContext[CallToolRequestParams], call_next: CallNext[Any, ToolResult]
    ) -> ToolResult:
        tool = context.message.name
        self.arrived(Received(tool, context.message.arguments or {}))
        if tool in self.seconds:
            await anyio.sleep(self.seconds[tool])
        if tool in self.messages:
            raise ToolError(self.messages[tool])
        return await call_next(context)


class _Answering(Tool):
    """A tool whose answer is known."""

    result: Any

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        structured = self.result if isinstance(self.result, dict) else None
        return ToolResult(content=self.result, structured_content=structured)


@dataclass
class _Speaking:
    """An MCP app that turns away requests of an era that it does not speak."""

    app: ASGIApp
    era: Eras

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.era == "both":
            await self.app(scope, receive, send)
            return
        version = Request(scope).headers.get("mcp-protocol-version", HANDSHAKE_PROTOCOL_VERSIONS[0])
        if (version in MODERN_PROTOCOL_VERSIONS) == (self.era == "modern"):
            await self.app(scope, receive, send)
        else:
            await JSONResponse(self._refusal(version), 400)(scope, receive, send)

    def _refusal(self, version: str) -> dict[str, Any]:
        """As the specification has it for a modern server (2026-07-28, `basic/versioning`)."""
        spoken = MODERN_PROTOCOL_VERSIONS if self.era == "modern" else HANDSHAKE_PROTOCOL_VERSIONS
        data = {"supported": list(spoken), "requested": version}
        error = {"code": UNSUPPORTED_PROTOCOL_VERSION, "message": "Unsupported protocol version", "data": data}
        return {"jsonrpc": "2.0", "id": None, "error": error}


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self.began = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()
