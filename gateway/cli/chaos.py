"""`gateway chaos`: serve as `up` does, with some upstreams disturbed on purpose. Nothing else switches that on."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gateway.app import gateway_of
from gateway.cli.options import ConfigFile
from gateway.cli.output import Exit, print_error, say
from gateway.cli.up import Port, serve
from gateway.config.load import Loaded, load
from gateway.config.model import UpstreamConfig
from gateway.errors import ConfigurationError, Fault
from gateway.model.chaos import Chaos
from gateway.process.listen import bind


def _share(_: Any, tokens: Any) -> float:
    """A share of calls: `10%` is 0.1."""
    text = tokens[0].value
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not (text.endswith("%") and 0 <= share <= 1):
        raise ValueError("write a share of all calls, from 0% to 100%")
    return share


Share = Annotated[float, Parameter(converter=_share)]


def chaos(
    *,
    upstream: Annotated[tuple[str, ...], Parameter(negative="", help="Upstream to disturb. Repeatable.")],
    latency: Annotated[timedelta | None, Parameter(help="How long each call waits first, as 2s or 0.5s.")] = None,
    errors: Annotated[Share, Parameter(help="Share of calls that fail as at HTTP 500, as 10%.")] = 0.0,
    cuts: Annotated[Share, Parameter(help="Share of calls that run, and whose answer is lost.")] = 0.0,
    hangs: Annotated[Share, Parameter(help="Share of calls that are never answered.")] = 0.0,
    changed_tools: Annotated[timedelta | None, Parameter(help="After how long its tools change, and back.")] = None,
    lists: Annotated[bool, Parameter(negative="", help="Do the same to its lists.")] = False,
    host: Annotated[str | None, Parameter(help="Address to bind, instead of server.host.")] = None,
    port: Port = None,
    config: ConfigFile = None,
) -> Exit:
    """Serve as `gateway up` does, with these upstreams disturbed on purpose, until interrupted."""
    wanted = Chaos(_seconds(latency), errors, cuts, hangs, _seconds(changed_tools), lists)
    if not str(wanted):
        print_error("no fault is named", "give at least one of --latency, --errors, --cuts, --hangs, --changed-tools")
        return Exit.USAGE
    if errors + cuts + hangs > 1:
        print_error("--errors, --cuts and --hangs are more than 100% together", "a call meets with one of them")
        return Exit.USAGE
    gateway = gateway_of(lambda: disturbed(load(config), upstream, wanted))
    say(f"\n*** CHAOS: {', '.join(upstream)}: {wanted}. Not for real work. ***")
    server = gateway.runtime.config.server
    serve(gateway, gateway.reloader.loaded, bind(host or server.host, server.port if port is None else port))
    return Exit.WELL


def _seconds(duration: timedelta | None) -> float:
    return 0.0 if duration is None else duration.total_seconds()


def disturbed(loaded: Loaded, names: tuple[str, ...], chaos: Chaos) -> Loaded:
    """The configuration with these upstreams disturbed; they are asked what they offer more often than that changes.

    Raises:
        ConfigurationError: one of them is not there, or off.
    """
    upstreams = dict(loaded.config.upstreams)
    faults = [fault for name in names if (fault := _fault(loaded.file, upstreams, name)) is not None]
    if faults:
        raise ConfigurationError(faults, loaded.files)
    for name in names:
        refresh = min(upstreams[name].refresh, chaos.changed_tools / 2 or upstreams[name].refresh)
        upstreams[name] = upstreams[name].model_copy(update={"chaos": chaos, "refresh": refresh})
    return replace(loaded, config=loaded.config.model_copy(update={"upstreams": upstreams}))


def _fault(file: Path | None, upstreams: dict[str, UpstreamConfig], name: str) -> Fault | None:
    key = f"upstreams.{name}"
    if name not in upstreams:
        known = ", ".join(upstreams) or "none"
        return Fault(str(file or "defaults"), key, "is not configured", f"The upstreams are: {known}.")
    if not upstreams[name].is_on:
        return Fault(str(file or "defaults"), key, "is off", "`gateway check` says why.")
    return None
