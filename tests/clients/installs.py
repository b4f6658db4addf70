"""Install a client in the versions it is pinned to, in an environment of its own that is kept in `.clients`."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from tests.clients.clients import NODE, Client
from tests.conformance.suite import SuiteError, npm_ci, tool
from tests.upstreams.kept import kept, python_with
from tests.upstreams.process import ROOT

HOME = ROOT / ".clients"


class NotInstalled(Exception):
    """The client can't be had; the message has the last words of what tried."""


class Installed(NamedTuple):
    """How to run a client's driver, in which folder, and the client's version."""

    command: Sequence[str]
    folder: Path
    version: str


def installed(client: Client) -> Installed:
    """The client, installed now if it is not yet.

    Raises:
        NotInstalled: it can't be.
    """
    try:
        if client.pins is None:
            return Installed((sys.executable, str(client.driver)), ROOT, version(client.package))
        if client.pins == NODE:
            return _on_node(client, _packages())
        python = python_with(client.pins, HOME / "python")
        return Installed((python, str(client.driver)), ROOT, pinned(client.pins, client.package))
    except SuiteError as error:
        raise NotInstalled(_last_words(str(error))) from error
    except subprocess.CalledProcessError as error:
        raise NotInstalled(_last_words(error.stderr)) from error


def pinned(requirements: Path, package: str) -> str:
    """The version of a package in a requirements file."""
    found = re.search(rf"^{re.escape(package)}(?:\[.*\])?==(\S+)", requirements.read_text(), re.MULTILINE)
    if found is None:
        raise NotInstalled(f"{requirements.name} does not pin {package}")
    return found[1]


def _on_node(client: Client, folder: Path) -> Installed:
    package = folder / "node_modules" / client.package / "package.json"
    version = json.loads(package.read_text())["version"]
    if client.driver.suffix == ".py":
        return Installed((sys.executable, str(client.driver)), folder, version)
    return Installed((tool("node"), client.driver.name), folder, version)


@cache
def _packages() -> Path:
    """The folder of npm packages. Drivers lie in it, because Node looks for packages beside who imports them."""
    pins = b"".join(each.read_bytes() for each in sorted(NODE.iterdir()))
    return kept(HOME / "node", pins, lambda folder: npm_ci(NODE, folder))


def _last_words(said: str) -> str:
    return " ".join(said.split())[-300:]
