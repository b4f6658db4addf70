"""Build the gateway for a verb, and describe what it serves."""

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gateway.app import gateway_of
from gateway.cli import DEBUG
from gateway.cli.check import why_off
from gateway.config.load import Loaded, load
from gateway.config.model import GatewayConfig
from gateway.doors.own import held_back, upstream_status
from gateway.errors import ConfigurationError, Fault
from gateway.server import Gateway
from gateway.upstream.upstream import Upstream


def gateway_from(file: Path | None, service: str = "") -> tuple[Gateway, Loaded]:
    """The gateway of a configuration file; with `service`, of that service alone."""
    gateway = gateway_of(partial(read, file, service))
    return gateway, gateway.reloader.loaded


def read(file: Path | None, service: str = "") -> Loaded:
    """The configuration of a file; with `service`, of that service alone."""
    loaded = load(file)
    return replace(loaded, config=_only(loaded, service)) if service else loaded


def keep_quiet() -> None:
    """No log from now on: for verbs that say themselves how things went. GATEWAY_DEBUG=1 brings it back."""
    if os.environ.get(DEBUG) != "1":
        logging.disable()


def _only(loaded: Loaded, service: str) -> GatewayConfig:
    config = loaded.config
    if service not in config.services:
        known = ", ".join(config.services) or "none"
        fault = Fault(
            str(loaded.file or "defaults"), f"services.{service}", "is not configured", f"The services are: {known}."
        )
        raise ConfigurationError([fault])
    alone = config.services[service].model_copy(update={"enabled": True})
    return config.model_copy(update={"services": {service: alone}, "upstreams": {}})


def tools(count: int) -> str:
    """A number of tools in words."""
    return f"{count} tool" if count == 1 else f"{count} tools"


def upstream_rows(upstreams: Mapping[str, Upstream]) -> list[dict[str, Any]]:
    """The state of every upstream, off ones included, in the configuration's order."""
    return [
        {"namespace": name, **upstream_status(each), "off_because": why_off(each.config)}
        for name, each in upstreams.items()
    ]


def state_of(row: dict[str, Any]) -> str:
    """One upstream's state in words."""
    if row["off_because"]:
        return f"off: {row['off_because']}"
    back = f"; {held}" if (held := held_back(row)) else ""
    back += f"; CHAOS: {row['chaos']['does']}" if row["chaos"] else ""
    if row["state"] == "up":
        return f"up: {tools(row['tools'])}, {row['era']}, {row['transport']}{back}"
    if row["state"] == "idle":
        return f"idle: {tools(row['tools'])}; it is started at the next call{back}"
    if row["listed_seconds_ago"] is not None:
        back += f"; {tools(row['tools'])} as listed {age(row['listed_seconds_ago'])} ago"
    return (f"{row['state']}: {row['reason']}" if row["reason"] else "not heard yet") + back


def age(seconds: float) -> str:
    """A time in words, in the largest unit that it has two of."""
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{seconds:.0f} s"
