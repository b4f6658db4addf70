"""`gateway doctor`: connects to everything that is configured and says how it does."""

import asyncio
import os
import socket
import time
from typing import Any

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_json, print_table, print_text, say
from gateway.cli.serving import gateway_from, state_of, upstream_rows
from gateway.config.load import Loaded
from gateway.server import Gateway

Finding = dict[str, Any]


def doctor(*, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Connect to every upstream, try the services, and print what is well and what is not; 3 if an upstream is down."""
    gateway, loaded = gateway_from(config)
    findings = asyncio.run(_examine(gateway, loaded))
    if as_json:
        print_json({"well": all(each["well"] for each in findings), "findings": findings})
    else:
        rows = [("ok" if each["well"] else "NOT", each["what"], each["finding"]) for each in findings]
        print_table(("", "what", "finding"), rows)
        _sum_up(findings)
    if any(not each["well"] and each["what"].startswith("upstream") for each in findings):
        return Exit.UPSTREAM_DOWN
    return Exit.WELL if all(each["well"] for each in findings) else Exit.FAILED


async def _examine(gateway: Gateway, loaded: Loaded) -> list[Finding]:
    findings = [_finding("configuration", True, str(loaded.file or "defaults")), _state_dir(loaded), _port(loaded)]
    async with gateway._lifespan_manager():
        began = time.monotonic()
        await gateway.runtime.heard()
        took = time.monotonic() - began
        for name in gateway.runtime.services:
            count = sum(route.namespace == name for route in gateway.runtime.catalog.routes["tool"].values())
            findings.append(_finding(f"service {name}", count > 0, f"{count} tools"))
        findings += [_upstream(row) for row in upstream_rows(gateway.runtime.upstreams)]
    if gateway.runtime.upstreams:
        findings.append(_finding("answers", True, f"all upstreams asked within {took:.1f} s"))
    who = "keys or tokens" if gateway.auth is not None else "none: loopback only"
    return [*findings, _finding("authentication", True, who)]


def _finding(what: str, well: bool, finding: str) -> Finding:
    return {"what": what, "well": well, "finding": finding}


def _state_dir(loaded: Loaded) -> Finding:
    folder = loaded.state_dir
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    well = os.access(existing, os.W_OK)
    return _finding("state folder", well, str(folder) if well else f"{folder} cannot be written: set server.state_dir")


def _port(loaded: Loaded) -> Finding:
    server = loaded.config.server
    with socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            return _finding("port", True, f"{server.port} is taken ({error.strerror}): perhaps the gateway is running")
    return _finding("port", True, f"{server.port} on {server.host} is free")


def _upstream(row: dict[str, Any]) -> Finding:
    well = row["state"] in ("up", "off")
    faults = "".join(f"; {fault}" for fault in row["faults"])
    return _finding(f"upstream {row['namespace']}", well, state_of(row) + faults)


def _sum_up(findings: list[Finding]) -> None:
    bad = [each["what"] for each in findings if not each["well"]]
    if bad:
        say(f"\nNot well: {', '.join(bad)}.")
    else:
        print_text("\nAll is well.")
