import subprocess
import sys

from tests.compiled.check import listed, pure
from tests.upstreams.process import ROOT


def test_what_is_python_is_told_from_what_is_compiled() -> None:
    found = pure(["json.decoder", "_json", "tests.compiled.check"])
    assert [each.split()[0] for each in found] == ["json.decoder", "tests.compiled.check"]


def test_a_process_that_a_test_starts_has_the_same_gateway_as_the_test() -> None:
    command = [sys.executable, "-m", "tests.compiled.check"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert told.stderr.splitlines() == pure(listed())
