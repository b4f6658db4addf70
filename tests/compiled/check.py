"""Whether the gateway that is imported here is the compiled one: `python -m tests.compiled.check` ends with 1 if not.

`pytest -p tests.compiled.check` runs no test then.
"""

import sys
import tomllib
from collections.abc import Iterable
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

import pytest

from tests.upstreams.process import ROOT


def hook() -> dict[str, Any]:
    """The configuration of the compiled build."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return document["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["mypyc"]


def listed() -> list[str]:
    """The modules that it compiles."""
    return [path.removesuffix(".py").replace("/", ".") for path in hook()["include"]]


def pure(modules: Iterable[str]) -> list[str]:
    """Those of them that are Python when they are imported, and from where."""
    files = {name: import_module(name).__file__ or "" for name in modules}
    return [f"{name} is Python: {file}" for name, file in files.items() if not file.endswith(tuple(EXTENSION_SUFFIXES))]


def pytest_configure() -> None:
    """Refuse to test what is not compiled: in each of pytest's processes."""
    if found := pure(listed()):
        raise pytest.UsageError("\n".join(found))


if __name__ == "__main__":
    sys.exit("\n".join(pure(listed())) or 0)
