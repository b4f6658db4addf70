"""What counts as a client that works, without running one."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.clients import CLIENTS, Client
from tests.clients.installs import Installed, NotInstalled, installed
from tests.clients.run import CALLS, SAID, Row, driven, eras, judged, table, tried
from tests.gateways.kit import configuration, served
from tests.upstreams.kit import raw_http

CLIENT = Client("A client", "a-client", None, Path("driver.py"), "auto", "modern")
WELL: dict[str, Any] = {"listed": [*CALLS, "another"], "said": SAID}
MODERN = ["modern"] * len(CALLS)


def test_one_that_lists_and_calls_everything_is_well():
    row = judged(CLIENT, "1.0", WELL, MODERN, 2.0)
    assert row == Row(CLIENT, "1.0", "yes", "yes", "", False, 2.0)


@pytest.mark.parametrize(
    ("got", "spoken", "why"),
    [
        ({**WELL, "listed": ["own_shout", "legacy_echo"]}, MODERN, "did not list modern_echo"),
        ({**WELL, "said": {**SAID, "own_shout": "hello"}}, MODERN, "got another text from own_shout"),
        ({**WELL, "said": {}}, MODERN, "got another text from legacy_echo, modern_echo, own_shout"),
        (WELL, ["legacy"] * 3, "its calls came as legacy, legacy, legacy, and not as 3 modern"),
        (WELL, [], "its calls came as none, and not as 3 modern"),
    ],
)
def test_any_other_has_failed(got, spoken, why):
    row = judged(CLIENT, "1.0", got, spoken, 2.0)
    assert (row.failed, row.why) == (True, why)


@pytest.mark.parametrize("code", ["raise SystemExit('no such server')", "print('no json')", ""])
def test_a_driver_that_says_nothing_has_failed(code, tmp_path):
    found = Installed((sys.executable, "-c", code), tmp_path, "1.0")
    with pytest.raises(Exception, match=r"exit status 1|Expecting value"):
        driven(found, CLIENT, "http://127.0.0.1:9/mcp", tmp_path)


def test_the_table_says_what_is_not_installed_and_why():
    rows = [Row(CLIENT, "1.0", "yes", "yes"), Row(CLIENT, "-", why="not installed: no such version")]
    assert table(rows).splitlines()[1:] == [
        "A client               1.0        modern  yes     yes         0.0",
        "A client               -          modern  -       -           0.0",
        "    not installed: no such version",
    ]


def test_what_cannot_be_had_is_no_failure_of_ours(tmp_path):
    (tmp_path / "pins.txt").write_text("a-client==1.0 --no-such-option\n")
    client = CLIENT._replace(pins=tmp_path / "pins.txt")
    with pytest.raises(NotInstalled, match="no-such-option"):
        installed(client)


def test_a_real_client_against_a_real_gateway(tmp_path):
    client = next(each for each in CLIENTS if each.driver.name == "fastmcp_client.py" and each.era == "legacy")
    with raw_http(era="modern") as modern, raw_http(era="legacy") as legacy:
        upstreams = {"modern": modern, "legacy": legacy}
        with served(tmp_path, configuration(upstreams)) as gateway:
            row = tried(client, gateway, tmp_path)
            assert eras(gateway) == ["legacy"] * len(CALLS)
    assert (row.failed, row.why) == (False, "")
