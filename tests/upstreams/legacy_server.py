"""`python -m tests.upstreams.legacy_server http|sse|stdio`: an upstream made with `mcp` 1.x, in its own environment.

What this imports of `mcp` is the 1.x package; nothing here runs in the project's environment.
"""

import argparse
import asyncio
import logging
from pathlib import Path

from mcp.server.fastmcp import Context, FastMCP  # ty: ignore[missing-module-member]
from mcp.types import Completion, CompletionArgument
from pydantic import BaseModel

from tests.upstreams.record import Record, Recorder
from tests.upstreams.serve import serve


class Answer(BaseModel):
    answer: str


server = FastMCP("legacy-upstream", instructions="Instructions of legacy-upstream.")


@server.tool()
def echo(text: str) -> str:
    """Returns the text."""
    return text


@server.tool()
def add(a: float, b: float) -> dict[str, float]:
    """Adds two numbers."""
    return {"sum": a + b}


@server.tool()
def fail(message: str) -> str:
    """Fails as a tool does."""
    raise ValueError(message)


@server.tool()
async def progress(steps: int, ctx: Context) -> str:
    """Reports progress at each step."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    return f"{steps} steps"


@server.tool()
async def log(level: str, message: str, ctx: Context) -> str:
    """Sends one log message."""
    await ctx.log(level, message, logger_name="legacy-upstream")
    return "logged"


@server.tool()
async def slow(seconds: float) -> str:
    """Takes its time."""
    await asyncio.sleep(seconds)
    return f"{seconds} seconds later"


@server.tool()
async def ask(question: str, ctx: Context) -> str:
    """Asks the user in the middle of the call."""
    answer = await ctx.elicit(question, Answer)
    return f"{answer.action}: {answer.data.answer if answer.action == 'accept' else None}"


@server.tool()
async def add_tool(name: str, ctx: Context) -> str:
    """Offers one more tool and says so."""
    server.add_tool(echo, name=name, description="Added later.")
    await ctx.session.send_tool_list_changed()
    return f"added {name}"


@server.resource("text://legacy/notes", mime_type="text/plain")
def notes() -> str:
    """A text."""
    return "Notes of a legacy upstream."


@server.resource("text://legacy/items/{item}")
def item(item: str) -> str:
    """One item."""
    return f"Item {item}."


@server.prompt()
def greet(name: str, style: str = "friendly") -> str:
    """Greets someone."""
    return f"Greet {name} in the {style} style."


@server.completion()
async def complete(ref: object, argument: CompletionArgument, context: object) -> Completion:
    """Completes `style` of `greet`."""
    styles = ("formal", "friendly", "short")
    values = [style for style in styles if style.startswith(argument.value)]
    return Completion(values=values if argument.name == "style" else [])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("transport", choices=("http", "sse", "stdio"))
    options.add_argument("--stateless", action="store_true")
    options.add_argument("--json", action="store_true")
    options.add_argument("--record", type=Path)
    chosen = options.parse_args()
    record = Record(chosen.record)
    logging.disable(logging.CRITICAL)
    server.settings.stateless_http = chosen.stateless
    server.settings.json_response = chosen.json
    if chosen.transport == "stdio":
        record.add("spawned")
        server.run("stdio")
    elif chosen.transport == "sse":
        serve(Recorder(server.sse_app(), record), "/sse")
    else:
        serve(Recorder(server.streamable_http_app(), record), "/mcp")


if __name__ == "__main__":
    main()
