"""The environment of the legacy servers: `mcp` 1.x, made once and kept in `.venv-legacy`."""

from functools import cache
from pathlib import Path

from tests.upstreams.kept import python_with
from tests.upstreams.process import ROOT

REQUIREMENTS = Path(__file__).with_name("legacy-requirements.txt")
HOME = ROOT / ".venv-legacy"


@cache
def legacy_python() -> str:
    """The path of its interpreter. Raises CalledProcessError when the package index can't be reached."""
    return python_with(REQUIREMENTS, HOME)
