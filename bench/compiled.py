"""The compiled build, beside the one that runs the sources: `make bench` makes it first, where it can be made."""

import subprocess

from tests.upstreams.process import ROOT

PYTHON = str(ROOT / ".venv-compiled" / "bin" / "python")
TREE = ROOT / "build" / "compiled"
"""Where it runs: what is here and is no source of the gateway is there as well."""


def is_there() -> bool:
    """Whether it is made, of the sources as they are."""
    asked = subprocess.run(["make", "--question", "compiled"], cwd=ROOT, capture_output=True, check=False)
    return asked.returncode == 0
