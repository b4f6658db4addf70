"""The version is said in one place of the code, and the package's is the same."""

import tomllib

from gateway.ground.version import VERSION
from tests.structure.tree import ROOT


def test_it_is_that_of_the_package() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
