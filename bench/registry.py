"""Gateways that others publish, each in an environment of its own, made when it is first measured.

They need Python 3.12; `BENCH_PYTHON` says which one, where uv finds none.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.load import Target, WrongAnswer, repeat, tool_call
from bench.parts import PATIENCE, Part
from bench.proxies import free_port, program
from tests.upstreams.process import ROOT

UV = ROOT / ".venv" / "bin" / "uv"


class NotInstalled(Exception):
    """It cannot be had here; the message has why."""


@dataclass(frozen=True)
class Published:
    """How one of them is installed, told of an upstream, and started."""

    package: str
    configuration: Callable[[str], dict[str, Any]]
    arguments: Callable[[str, str], list[str]]
    """By the configuration file and the port."""
    tool: str = "up0_echo"


PUBLISHED = (
    Published(
        "magg==1.3.0",
        lambda url: {"servers": {"up0": {"source": url, "uri": url, "prefix": "up0"}}},
        lambda file, port: ["--config", file, "serve", "--http", "--host", "127.0.0.1", "--port", port],
    ),
    Published(
        "mcp-combiner==0.17.5",
        lambda url: {"servers": {"up0": {"url": url, "transport": "http"}}},
        lambda file, port: ["--mcp", "--config", file, "--host", "127.0.0.1", "--port", port],
    ),
)


@contextlib.contextmanager
def published(one: Published, url: str) -> Generator[Part]:
    """One of them in front of a legacy upstream, for legacy clients: none speaks the modern era.

    Raises:
        NotInstalled: it cannot be had here.
    """
    name = one.package.partition("==")[0]
    binary, port = installed(one.package) / "bin" / name, free_port()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(json.dumps(one.configuration(url)))
        target = Target(f"http://127.0.0.1:{port}/mcp", "legacy")
        with program([str(binary), *one.arguments(str(file), str(port))], port) as pid:
            _wait_until_right(target, one.tool)
            yield Part(one.package.replace("==", " "), target, pid)


def installed(package: str) -> Path:
    """The environment of a package, made if it is not there.

    Raises:
        NotInstalled: no Python that is new enough, or no way to the package.
    """
    folder = ROOT / f".venv-{package}"
    python = os.environ.get("BENCH_PYTHON", ">=3.12")
    if not folder.is_dir():
        _uv(["venv", "--python", python, str(folder)])
    _uv(["pip", "install", "--python", str(folder / "bin" / "python"), package])
    return folder


def _uv(arguments: list[str]) -> None:
    done = subprocess.run([str(UV), "--quiet", "--no-python-downloads", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise NotInstalled(" ".join(done.stderr.split())[:200])


def _wait_until_right(target: Target, tool: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            repeat(target, tool_call(tool), calls=1, concurrency=1)
            return
        except (WrongAnswer, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
