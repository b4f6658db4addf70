"""Build the gateway for a verb, and describe what it serves."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.app import gateway_of
from gateway.cli.check import why_off
from gateway.config.load import Loaded, load
from gateway.config.model import GatewayConfig
from gateway.doors.own import upstream_status
from gateway.errors import ConfigurationError, Fault
from gateway.server import Gateway
from gateway.upstream.upstream import Upstream


def gateway_from(file: Path | None, service: str = "") -> tuple[Gateway, Loaded]:
    """The gateway of a configuration file; with `service`, of that service alone."""
    loaded = load(file)
    if service:
        loaded = replace(loaded, config=_only(loaded.config, service))
    return gateway_of(loaded), loaded


def _only(config: GatewayConfig, service: str) -> GatewayConfig:
    if service not in config.services:
        known = ", ".join(config.services) or "none"
        fault = Fault("gateway.toml", f"services.{service}", "is not configured", f"The services are: {known}.")
        raise ConfigurationError([fault])
    return config.model_copy(update={"services": {service: config.services[service]}, "upstreams": {}})


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
    if row["state"] == "up":
        return f"up: {row['tools']} tools, {row['era']}, {row['transport']}"
    return f"{row['state']}: {row['reason']}" if row["reason"] else "not heard yet"
