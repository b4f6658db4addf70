"""`gateway upstream test`: one upstream, asked now."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_text
from gateway.cli.serving import keep_quiet, state_of, upstream_rows
from gateway.config.load import load
from gateway.errors import ConfigurationError, Fault
from gateway.upstream.upstream import Upstream

EXITS = {"up": Exit.WELL, "off": Exit.FAILED}


def ask(
    name: Annotated[str, Parameter(help="Its namespace.")], *, config: ConfigFile = None, as_json: AsJson = False
) -> Exit:
    """Connect to one upstream, list what it offers, and print how it is spoken to."""
    loaded = load(config)
    if name not in loaded.config.upstreams:
        known = ", ".join(loaded.config.upstreams) or "none"
        raise ConfigurationError(
            [
                Fault(
                    str(loaded.file or "defaults"),
                    f"upstreams.{name}",
                    "is not configured",
                    f"The upstreams are: {known}.",
                )
            ]
        )
    keep_quiet()
    upstream = Upstream(name, loaded.config.upstreams[name], loaded.state_dir)
    asyncio.run(_ask(upstream))
    row = upstream_rows({name: upstream})[0]
    if as_json:
        print_json({**row, "names": sorted(str(tool["name"]) for tool in upstream.listing.tools)})
    elif row["state"] == "up":
        print_text(f"{name} is {state_of(row)}")
        for tool in upstream.listing.tools:
            print_text(f"  {tool['name']}")
    else:
        print_error(f"{name} is {state_of(row)}", f"See [upstreams.{name}] in {loaded.origins[name]}.")
    return EXITS.get(row["state"], Exit.UPSTREAM_DOWN)


async def _ask(upstream: Upstream) -> None:
    if upstream.config.is_on:
        await upstream.refresh()
        await upstream.close()
