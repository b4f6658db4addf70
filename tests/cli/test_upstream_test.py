"""`gateway upstream test`: asks one upstream, and says how it is spoken to or why not."""

from pathlib import Path

import pytest

from tests.cli.conftest import Verb
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import Running, raw_stdio
from tests.upstreams.raw.definitions import TOOLS


def test_one_that_is_up_is_listed(tmp_path: Path, verb: Verb, raw_modern: Running, raw_legacy: Running):
    written(tmp_path, configuration({"raw": raw_modern, "other": raw_legacy}))
    said = verb("upstream", "test", "raw")
    assert (said.status, said.err) == (0, "")
    first, *names = said.out.splitlines()
    assert first == f"raw is up: {len(TOOLS)} tools, modern, http"
    assert sorted(name.strip() for name in names) == sorted(tool["name"] for tool in TOOLS)
    assert raw_legacy.record() == []


def test_json(tmp_path: Path, verb: Verb, raw_legacy: Running):
    written(tmp_path, configuration({"raw": raw_legacy}))
    found = verb("upstream", "test", "raw", "--json").json
    assert (found["namespace"], found["state"], found["era"]) == ("raw", "up", "legacy")
    assert found["names"] == sorted(tool["name"] for tool in TOOLS)


def test_a_program_is_ended_again(tmp_path: Path, verb: Verb):
    with raw_stdio(tmp_path) as program:
        written(tmp_path, configuration({"pipe": program}))
        assert verb("upstream", "test", "pipe").status == 0
        assert len(program.pids()) >= 1
        assert program.alive() == []


def test_what_it_heard_is_kept(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}))
    verb("upstream", "test", "raw")
    assert "raw_echo" in verb("list", "--json").json["tools"]


def test_one_that_is_down(tmp_path: Path, verb: Verb):
    written(tmp_path, configuration({"dead": "http://127.0.0.1:9/mcp"}))
    said = verb("upstream", "test", "dead")
    assert (said.status, said.out) == (3, "")
    assert "dead is down: Upstream 'dead' cannot be reached (Connection refused)" in said.err
    assert "See [upstreams.dead] in gateway.toml." in said.err


@pytest.mark.parametrize("fault", ["html", "garbage", "empty", "server_error", "unauthorized"])
def test_one_that_answers_something_else(tmp_path: Path, verb: Verb, raw_modern: Running, fault: str):
    raw_modern.control(fault=fault)
    written(tmp_path, configuration({"raw": raw_modern}))
    said = verb("upstream", "test", "raw")
    assert (said.status, said.out) == (3, "")
    assert said.err.startswith("error: raw is down: Upstream 'raw' ")
    assert len(said.err.splitlines()) == 2


def test_one_that_is_off(tmp_path: Path, verb: Verb):
    written(tmp_path, configuration({"a": "http://127.0.0.1:9/mcp"}, "enabled = false"))
    said = verb("upstream", "test", "a")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: a is off: enabled = false\n")


def test_one_that_is_not_configured(tmp_path: Path, verb: Verb):
    written(tmp_path, configuration({"a": "http://127.0.0.1:9/mcp", "b": "http://127.0.0.1:9/mcp"}))
    said = verb("upstream", "test", "c")
    assert (said.status, said.out) == (1, "")
    assert "gateway.toml: upstreams.c: is not configured" in said.err
    assert "The upstreams are: a, b." in said.err
