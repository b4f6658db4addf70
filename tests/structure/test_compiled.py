import subprocess
import sys

from tests.compiled.check import hook
from tests.structure.tree import ROOT


def test_what_is_to_be_compiled_is_there():
    listed = hook()["include"]
    assert listed == sorted(set(listed))
    assert [path for path in listed if not (ROOT / path).is_file()] == []


def test_mypy_has_nothing_to_say_against_compiling_it():
    command = [sys.executable, "-m", "mypy", "--cache-dir", "/dev/null", *hook()["mypy-args"], *hook()["include"]]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
