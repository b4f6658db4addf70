"""A service for tests that completes arguments: of its prompt, and of its template."""

from fastmcp import FastMCP
from fastmcp.server.completions import CompletionReference
from mcp_types import CompletionArgument, CompletionContext, PromptReference

server = FastMCP("guess", mask_error_details=True)
COLOURS = ("blue", "black", "red")


@server.prompt
def paint(colour: str, shade: str = "") -> str:
    """Paints."""
    return f"Paint it {shade} {colour}."


@server.resource("text://shelf/{number}")
def shelf(number: str) -> str:
    """A shelf."""
    return f"Shelf {number}."


@server.completion
def complete(
    reference: CompletionReference, argument: CompletionArgument, context: CompletionContext | None
) -> list[str] | None:
    """Colours, shades of the colour that was chosen before, and so many numbers that not all can be given."""
    if isinstance(reference, PromptReference):
        if reference.name == "paint" and argument.name == "colour":
            return [colour for colour in COLOURS if colour.startswith(argument.value)]
        if reference.name == "paint" and argument.name == "shade" and context and context.arguments:
            return [f"light {context.arguments['colour']}"]
        if argument.value == "crash":
            raise RuntimeError("the inside of a service")
        return None
    if reference.uri == "text://shelf/{number}":
        return [str(number) for number in range(150)]
    return None
