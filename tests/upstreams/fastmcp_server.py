"""`python -m tests.upstreams.fastmcp_server http|stdio`: an upstream of this environment's FastMCP, both eras."""

import argparse
import asyncio
import logging
from pathlib import Path

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult, LoggingLevel

from tests.upstreams.record import Record, Recorder
from tests.upstreams.serve import serve

server = FastMCP("fastmcp-upstream", instructions="Instructions of fastmcp-upstream.", version="1.0.0")


@server.tool(annotations={"readOnlyHint": True})
def echo(text: str) -> str:
    """Returns the text."""
    return text


@server.tool
def add(a: float, b: float) -> dict[str, float]:
    """Adds two numbers."""
    return {"sum": a + b}


@server.tool
def fail(message: str) -> str:
    """Fails as a tool does."""
    raise ToolError(message)


@server.tool
async def progress(steps: int, ctx: Context) -> str:
    """Reports progress at each step."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    return f"{steps} steps"


@server.tool
async def log(level: LoggingLevel, message: str, ctx: Context) -> str:
    """Sends one log message."""
    await ctx.log(message, level=level, logger_name="fastmcp-upstream")
    return "logged"


@server.tool
async def slow(seconds: float) -> str:
    """Takes its time."""
    await asyncio.sleep(seconds)
    return f"{seconds} seconds later"


@server.tool
async def ask(question: str, ctx: Context) -> str:
    """Asks the user in the middle of the call, as the legacy era does."""
    answer = await ctx.elicit(question, str)
    return f"{answer.action}: {getattr(answer, 'data', None)}"


@server.tool
async def ask_first(question: str, ctx: Context) -> str | InputRequiredResult:
    """Asks the user before it does anything, as the modern era does."""
    answer = (ctx.input_responses or {}).get("answer")
    if isinstance(answer, ElicitResult):
        return f"{answer.action}: {(answer.content or {}).get('answer')}"
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    form = ElicitRequestFormParams(message=question, requested_schema=schema)
    return InputRequiredResult(input_requests={"answer": ElicitRequest(params=form)}, request_state=question)


@server.resource("text://fastmcp/notes", mime_type="text/plain")
def notes() -> str:
    """A text."""
    return "Notes of a FastMCP upstream."


@server.resource("text://fastmcp/items/{item}")
def item(item: str) -> str:
    """One item."""
    return f"Item {item}."


@server.prompt
def greet(name: str, style: str = "friendly") -> str:
    """Greets someone."""
    return f"Greet {name} in the {style} style."


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("transport", choices=("http", "stdio"))
    options.add_argument("--record", type=Path)
    chosen = options.parse_args()
    record = Record(chosen.record)
    logging.disable(logging.CRITICAL)
    if chosen.transport == "stdio":
        record.add("spawned")
        server.run("stdio", show_banner=False)
    else:
        serve(Recorder(server.http_app(path="/mcp"), record), "/mcp")


if __name__ == "__main__":
    main()
