"""`gateway check`: reads the files, connects to nothing, and says what would be served."""

from dataclasses import asdict
from typing import Any

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_json, print_table, print_text, say
from gateway.config.load import Loaded, load
from gateway.config.model import GatewayConfig, UpstreamConfig
from gateway.config.show import whereabouts
from gateway.errors import ConfigurationError


def check(*, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Check the configuration's files and print what would be served; exit status 1 and every fault otherwise."""
    try:
        loaded = load(config)
        refuse_bad_auth(loaded.config)
    except ConfigurationError as error:
        if not as_json:
            raise
        print_json({"ok": False, "faults": [asdict(fault) for fault in error.faults]})
        return Exit.FAILED
    if as_json:
        print_json({"ok": True, **report(loaded)})
    else:
        _print(loaded)
    return Exit.WELL


def refuse_bad_auth(config: GatewayConfig) -> None:
    """Raise ConfigurationError with every fault of `[auth]`; without one, what judges it is not even imported."""
    if not config.auth.jwt and config.auth.oauth is None:
        return
    from gateway.policy.authenticate import auth_faults

    if faults := list(auth_faults(config)):
        raise ConfigurationError(faults)


def report(loaded: Loaded) -> dict[str, Any]:
    """What would be served, as JSON has it: `file`, `services`, `upstreams`, `notes`."""
    return {
        "file": None if loaded.file is None else str(loaded.file),
        "services": [
            {"namespace": name, "module": service.module or f"services.{name}.server", "enabled": service.enabled}
            for name, service in loaded.config.services.items()
        ],
        "upstreams": [
            {"namespace": name, "file": loaded.origins[name], "at": whereabouts(upstream), "on": upstream.is_on}
            | ({} if upstream.is_on else {"off_because": why_off(upstream)})
            for name, upstream in loaded.config.upstreams.items()
        ],
        "notes": [*loaded.notes, *_of_workers(loaded.config)],
    }


def _of_workers(config: GatewayConfig) -> list[str]:
    workers = config.server.workers
    names = [name for name, each in config.upstreams.items() if each.is_on and each.command is not None]
    if workers == 1 or not names:
        return []
    return [f"each of {workers} workers starts its own processes of {', '.join(names)} (server.workers)"]


def why_off(upstream: UpstreamConfig) -> str:
    """Why the gateway does not connect to an upstream; empty if it does."""
    return "" if upstream.is_on else upstream.off_because or "enabled = false"


def _print(loaded: Loaded) -> None:
    found = report(loaded)
    rows = [("service", each["namespace"], each["module"], _state(each["enabled"])) for each in found["services"]]
    rows += [
        ("upstream", each["namespace"], each["at"], _state(each["on"], each.get("off_because", "")))
        for each in found["upstreams"]
    ]
    print_table(("kind", "namespace", "at", "state"), rows)
    for note in found["notes"]:
        say(f"note: {note}")
    print_text(f"{found['file'] or 'The defaults'}: no fault found.")


def _state(on: bool, why: str = "enabled = false") -> str:
    return "on" if on else f"off: {why}"
