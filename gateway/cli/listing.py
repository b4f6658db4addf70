"""`gateway list`: everything the gateway serves, by public name."""

import asyncio
from typing import Annotated, Any

from cyclopts import Parameter

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_json, print_table, say
from gateway.cli.serving import gateway_from, keep_quiet
from gateway.server import Gateway

Live = Annotated[bool, Parameter(negative="", help="Ask the upstreams first, instead of what was last heard.")]


def list_everything(*, config: ConfigFile = None, live: Live = False, as_json: AsJson = False) -> Exit:
    """Print every tool, resource, template and prompt: the services', and the upstreams' as last heard."""
    keep_quiet()
    gateway, _ = gateway_from(config)
    found = asyncio.run(_found(gateway, live))
    if as_json:
        print_json(found)
    else:
        rows = [(kind.removesuffix("s"), name, text) for kind, items in found.items() for name, text in items.items()]
        print_table(("kind", "name", "description"), [(kind, name, _first_line(text)) for kind, name, text in rows])
    for name, upstream in gateway.runtime.upstreams.items():
        if upstream.config.is_on and not upstream.listing.heard_at:
            say(f"note: upstream {name} was never heard: `gateway doctor` asks it")
    return Exit.WELL


async def _found(gateway: Gateway, live: bool) -> dict[str, dict[str, str]]:
    if not live:
        return await _lists(gateway)
    async with gateway.opened():
        await gateway.runtime.heard()
        return await _lists(gateway)


async def _lists(gateway: Gateway) -> dict[str, dict[str, str]]:
    """Public name to description, by kind; the same objects that FastMCP lists to a client."""
    kinds: dict[str, dict[str, Any]] = {
        "tools": {each.name: each for each in await gateway.list_tools()},
        "resources": {str(each.uri): each for each in await gateway.list_resources()},
        "templates": {each.uri_template: each for each in await gateway.list_resource_templates()},
        "prompts": {each.name: each for each in await gateway.list_prompts()},
    }
    return {kind: {name: each.description or "" for name, each in found.items()} for kind, found in kinds.items()}


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:100]
