"""`python -m tests.clients.run`: every client against a gateway before a service, a legacy and a modern upstream.

Exits with 1 where a client that is installed does not list or call, or speaks another era than it is said to. One that
can't be installed is said.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from tests.clients.clients import CLIENTS, Client, Era
from tests.clients.installs import Installed, NotInstalled, installed
from tests.gateways.kit import Served, configuration, served
from tests.upstreams.kit import raw_http

CALLS: Mapping[str, Mapping[str, Any]] = {
    "own_shout": {"text": "hello"},
    "legacy_echo": {"text": "hello"},
    "modern_echo": {"text": "hello"},
}
SAID = {"own_shout": "HELLO", "legacy_echo": "hello", "modern_echo": "hello"}
PATIENCE = 90.0
"""Seconds for one client; some take ten to import."""
MAX_WHY = 400


@dataclass(frozen=True)
class Row:
    """What became of one client: `well`, `FAILED`, or `not installed`; `why` is empty where it is well."""

    client: Client
    version: str
    list: str = "-"
    call: str = "-"
    why: str = ""
    failed: bool = False
    seconds: float = 0.0


def tried(client: Client, gateway: Served, home: Path) -> Row:
    """Install the client, run its driver, and look at what it got and how the gateway was spoken to."""
    try:
        found = installed(client)
    except NotInstalled as reason:
        return Row(client, "-", why=f"not installed: {reason}")
    before, began = len(eras(gateway)), time.monotonic()
    try:
        got = driven(found, client, gateway.url, home)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = (getattr(error, "stderr", None) or str(error)).strip()[-MAX_WHY:]
        return Row(client, found.version, "FAILED", "FAILED", why, True, time.monotonic() - began)
    return judged(client, found.version, got, eras(gateway)[before:], time.monotonic() - began)


def driven(found: Installed, client: Client, url: str, home: Path) -> Mapping[str, Any]:
    """What the driver says. Raises OSError, SubprocessError or ValueError where it says nothing that can be read."""
    command = [*found.command, url, client.mode, json.dumps(CALLS)]
    env = {**os.environ, "HOME": str(home)}  # some clients write there
    done = subprocess.run(
        command, cwd=found.folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    *_, last = done.stdout.strip().splitlines() or [""]
    return json.loads(last)


def eras(gateway: Served) -> Sequence[str]:
    """The era of every call that the gateway has recorded."""
    return [line["era"] for line in gateway.lines(event="call")]


def judged(client: Client, version: str, got: Mapping[str, Any], spoken: Sequence[str], seconds: float) -> Row:
    """Whether the list has every tool, each call gave its text, and all calls came in the client's era."""
    missing = CALLS.keys() - set(got["listed"])
    wrong = {name for name, text in SAID.items() if got["said"].get(name) != text}
    why = [f"did not list {', '.join(sorted(missing))}"] if missing else []
    why += [f"got another text from {', '.join(sorted(wrong))}"] if wrong else []
    if list(spoken) != [client.era] * len(CALLS):
        why.append(f"its calls came as {', '.join(spoken) or 'none'}, and not as {len(CALLS)} {client.era}")
    marks = ("FAILED" if missing else "yes", "FAILED" if wrong else "yes")
    return Row(client, version, *marks, "; ".join(why), bool(why), seconds)


def table(rows: Iterable[Row]) -> str:
    lines = [f"{'client':22} {'version':10} {'era':7} {'list':7} {'call':7} {'seconds':>7}"]
    for row in rows:
        facts = f"{row.client.name:22} {row.version:10} {row.client.era:7} {row.list:7} {row.call:7}"
        lines.append(f"{facts} {row.seconds:7.1f}")
        lines += [f"    {row.why}"] if row.why else []
    return "\n".join(lines)


def main() -> int:
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        upstreams = {era: stack.enter_context(raw_http(era=era)) for era in get_args(Era)}
        gateway = stack.enter_context(served(home, configuration(upstreams)))
        rows = [tried(client, gateway, home) for client in CLIENTS]
    print(table(rows))
    return int(any(row.failed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
