"""`gateway doctor`: connects to everything that is configured and says how it does."""

import asyncio
import os
import time
from typing import Any

from gateway.catalog.catalog import Catalog
from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_json, print_table, print_text, say
from gateway.cli.serving import gateway_from, keep_quiet, state_of, tools, upstream_rows
from gateway.config.load import Loaded
from gateway.config.model import ServerConfig
from gateway.errors import CannotListen
from gateway.process.listen import bind
from gateway.reload.control import ask
from gateway.server import Gateway

Finding = dict[str, Any]


def doctor(*, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Connect to every upstream, try the services, and print what is well and what is not; 3 if an upstream is down."""
    keep_quiet()
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
    findings = [_finding("configuration", True, str(loaded.file or "defaults")), _state_dir(loaded)]
    findings.append(_address(gateway, loaded.config.server))
    findings += map(_running, ask(loaded.state_dir, "status"))
    began = time.monotonic()
    async with gateway.opened():
        await gateway.runtime.heard()
        await asyncio.gather(*(upstream.look() for upstream in gateway.runtime.upstreams.values()))
        took = time.monotonic() - began
        findings += [_service(name, gateway.runtime.catalog) for name in gateway.runtime.services]
        findings += [_upstream(row) for row in upstream_rows(gateway.runtime.upstreams)]
        await gateway.replicas.tried()
        findings += _replicas(gateway.replicas.state())
    findings.append(_finding("answers", True, f"everything was asked within {took:.1f} s"))
    who = "keys or tokens" if gateway.auth is not None else "none: loopback only"
    return [*findings, _finding("authentication", True, who)]


def _finding(what: str, well: bool, finding: str) -> Finding:
    return {"what": what, "well": well, "finding": finding}


def _state_dir(loaded: Loaded) -> Finding:
    folder = loaded.state_dir
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    well = os.access(existing, os.W_OK)
    return _finding("state folder", well, str(folder) if well else f"{folder} cannot be written: set server.state_dir")


def _address(gateway: Gateway, server: ServerConfig) -> Finding:
    try:
        with bind(server.host, server.port) as listener:
            gateway.check_reach([listener])
    except CannotListen as error:
        if error.data.get("in_use"):
            return _finding("address", True, f"port {server.port} is taken: perhaps the gateway is running")
        return _finding("address", False, error.message)
    return _finding("address", True, f"port {server.port} on {server.host} is free")


def _running(state: dict[str, Any]) -> Finding:
    """One process that serves with this state directory, and what it made of the configuration when it read it last."""
    if not state["well"]:
        faults = " ".join(" ".join(fault.split()) for fault in state["faults"])
        return _finding("running gateway", False, f"process {state['pid']} serves an older configuration: {faults}")
    waiting = "".join(f"; {key} waits for a restart" for key in state["needs_restart"])
    return _finding("running gateway", True, f"process {state['pid']} serves it since {state['served_since']}{waiting}")


def _service(name: str, catalog: Catalog) -> Finding:
    offered = [route for routes in catalog.routes.values() for route in routes.values() if route.namespace == name]
    count = sum(route.kind == "tool" for route in offered)
    return _finding(f"service {name}", bool(offered), tools(count))


def _upstream(row: dict[str, Any]) -> Finding:
    well = row["state"] in ("up", "off")
    faults = "".join(f"; {fault}" for fault in row["faults"])
    return _finding(f"upstream {row['namespace']}", well, state_of(row) + faults)


def _replicas(state: dict[str, Any]) -> list[Finding]:
    if state["state"] == "off":
        return []
    well = state["state"] == "connected"
    return [_finding("replicas", well, "can be heard" if well else f"cannot be heard: {state['reason']}")]


def _sum_up(findings: list[Finding]) -> None:
    bad = [each["what"] for each in findings if not each["well"]]
    if bad:
        say(f"\nNot well: {', '.join(bad)}.")
    else:
        print_text("\nAll is well.")
