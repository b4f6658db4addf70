"""Every client is pinned by version, and to no index."""

import json
import re
from importlib.metadata import version

import pytest

from tests.clients.clients import CLIENTS, NODE
from tests.clients.installs import pinned
from tests.upstreams.process import ROOT

PYTHON = [client for client in CLIENTS if client.pins is not None and client.pins != NODE]


@pytest.mark.parametrize("client", PYTHON, ids=lambda client: client.package)
def test_a_python_client_and_all_it_needs_is_pinned(client):
    lines = [line for line in client.pins.read_text().splitlines() if not line.startswith("#")]
    assert pinned(client.pins, client.package)
    assert all(re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.+-]+( ; .+)?", line) for line in lines), lines


def test_every_npm_package_is_pinned_by_content():
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    for client in CLIENTS:
        assert client.pins != NODE or f"node_modules/{client.package}" in packages
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


def test_the_documentation_names_the_versions_that_are_tried():
    page = (ROOT / "docs" / "protocol.md").read_text()
    section = page.partition("## Clients")[2].partition("\n## ")[0]
    tried = {each.pins: each for each in CLIENTS if each.pins != NODE}
    known = [pinned(pins, each.package) if pins else version(each.package) for pins, each in tried.items()]
    known += json.loads((NODE / "package.json").read_text())["dependencies"].values()
    assert set(re.findall(r"\| (\d+\.\d+\.\d+) \|", section)) == set(known)
