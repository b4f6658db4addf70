"""A service for tests with tools of every kind, plain and not, and what their code can ask FastMCP."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
from fastmcp import Context, FastMCP
from fastmcp.dependencies import Depends
from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.exceptions import ValidationError as ArgumentError
from fastmcp.server.dependencies import get_access_token, get_context, get_http_headers, get_http_request, get_server
from fastmcp.tools.base import ToolResult
from fastmcp.utilities.types import Image
from mcp_types import (
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    ResourceLink,
    TextContent,
)
from pydantic import BaseModel, Field

server = FastMCP("kinds", mask_error_details=True)


class Point(BaseModel):
    """A point."""

    x: int = Field(ge=0)
    label: str | None = None


@dataclass
class Answer:
    """An answer."""

    text: str
    parts: list[int]


@server.tool
async def text(text: str, times: int = 1) -> str:
    """Text."""
    return text * times


@server.tool
def in_a_thread(text: str) -> str:
    """Runs beside the event loop."""
    return text


@server.tool(run_in_thread=False)
def on_the_loop(text: str) -> str:
    """Runs on the event loop."""
    return text


@server.tool
async def model(point: Point) -> Point:
    """A model."""
    return point


@server.tool
async def record(text: str) -> Answer:
    """A dataclass."""
    return Answer(text, [1, 2])


@server.tool
async def number() -> int:
    """More than 64 bits."""
    return 2**70


@server.tool
async def anything(value: Any = None):
    """No type at all."""
    return value


@server.tool
async def nothing() -> None:
    """Nothing."""


@server.tool
async def several() -> list[str | Image]:
    """Text beside an image."""
    return ["one", Image(data=b"png", format="png")]


@server.tool
def steps(count: int) -> Iterator[int]:
    """A generator."""
    yield from range(count)


@server.tool
async def link() -> ResourceLink:
    """A link to a resource of this service."""
    return ResourceLink(type="resource_link", name="notes", uri="text://notes")


@server.tool
async def whole() -> ToolResult:
    """A whole result, with `_meta`."""
    return ToolResult(content="whole", structured_content={"a": 1}, meta={"vendor/key": [1]})


@server.tool
async def failed_result() -> CallToolResult:
    """A result that is an error."""
    return CallToolResult(content=[TextContent(type="text", text="no")], is_error=True)


@server.tool
async def asks() -> InputRequiredResult:
    """Asks the client."""
    params = ElicitRequestFormParams(message="Who?", requested_schema={"type": "object", "properties": {}})
    return InputRequiredResult(input_requests={"who": ElicitRequest(params=params)}, request_state="first")


@server.tool
async def refuses() -> str:
    """Refuses in its own words."""
    raise ToolError("Not today.", log_level=logging.INFO)


@server.tool
async def refuses_arguments() -> str:
    """Refuses arguments in its own words."""
    raise ArgumentError("These do not go together.")


@server.tool
async def not_found() -> str:
    """Does not find what it looked for."""
    raise NotFoundError("no such thing")


@server.tool
def crashes() -> str:
    """Crashes in a thread."""
    raise RuntimeError("the inside of a service")


@server.tool
async def crashes_in_validation() -> str:
    """Makes a model of what is none."""
    return str(Point(x=-1))


@server.tool
async def limited() -> str:
    """Is limited by another service."""
    request = httpx.Request("GET", "http://127.0.0.1/")
    raise httpx.HTTPStatusError("limited", request=request, response=httpx.Response(429, request=request))


@server.tool
async def too_slow() -> str:
    """Waits for another service in vain."""
    raise httpx.ReadTimeout("too slow")


@server.tool(timeout=0.05)
async def bounded() -> str:
    """Takes longer than it may."""
    await asyncio.Event().wait()
    return "never"


@server.tool
async def strict(value: Annotated[int, Field(strict=True)]) -> int:
    """Takes whole numbers only."""
    return value


# what code can ask FastMCP without declaring it


@server.tool
async def surroundings() -> dict[str, Any]:
    """What FastMCP's helpers tell."""
    context, request, token = get_context(), get_http_request(), get_access_token()
    assert context.request_context is not None
    client = context.session.client_params
    return {
        "server": get_server().name,
        "context": context.fastmcp.name,
        "request_id": context.request_id,
        "client": client.client_info.name if client is not None else None,
        "transport": context.transport,
        "protocol": context.request_context.protocol_version,
        "meta": context.request_context.meta,
        "state": [context.input_responses, context.request_state],
        "headers": sorted(get_http_headers()),
        "all_headers": sorted(get_http_headers(include_all=True)),
        "path": request.url.path,
        "body": len(await request.body()) > 0,
        "token": [token.client_id, token.scopes, sorted(token.claims)] if token is not None else None,
        "user": type(request.scope.get("user")).__name__,
        "scopes": list(request.auth.scopes) if "auth" in request.scope else None,
    }


@server.tool
def surroundings_in_a_thread() -> list[Any]:
    """What FastMCP's helpers tell beside the event loop."""
    token = get_access_token()
    return [get_context().fastmcp.name, sorted(get_http_headers()), token.client_id if token is not None else None]


@server.tool
async def tells() -> str:
    """Tells the client of its progress, and logs."""
    context = get_context()
    await context.report_progress(1, 2, "half")
    await context.info("going on")
    return "told"


@server.tool
async def calls_another(text: str) -> str:
    """Calls another tool of its service."""
    result = await get_server().call_tool("with_context", {"text": text})
    block = result.content[0]
    assert isinstance(block, TextContent)
    return block.text


@server.tool
async def asks_back() -> str:
    """Asks the client in mid-call, which this era has not."""
    result = await get_context().elicit("Who?", str)
    return str(result)


# not plain


@server.tool
async def with_context(text: str, ctx: Context) -> str:
    """Declares the context."""
    return f"{ctx.fastmcp.name} {text}"


def _dependency() -> str:
    return "given"


@server.tool
async def with_dependency(text: str, given: str = Depends(_dependency)) -> str:
    """Declares a dependency."""
    return f"{given} {text}"


@server.tool
async def with_header(text: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Text"})]) -> str:
    """Takes an argument that is in a header too."""
    return text


@server.tool(version="1")
async def with_version(text: str) -> str:
    """Has a version."""
    return f"1 {text}"


@server.tool(tags={"tagged"}, meta={"vendor/key": 1}, title="A title")
async def with_words(text: str) -> str:
    """Has words about it."""
    return text
