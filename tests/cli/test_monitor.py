"""`gateway monitor`: how a server does, in words, in JSON, and in the exit status."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Verb
from tests.cli.running import GATEWAY, clean_environment
from tests.gateways.kit import SERVICE, configuration, served
from tests.upstreams.kit import Running, raw_http


@pytest.mark.parametrize("kind", ["raw_modern", "raw_legacy"])
def test_a_server_that_is_well(kind: str, verb: Verb, request: pytest.FixtureRequest):
    upstream: Running = request.getfixturevalue(kind)
    said = verb("monitor", upstream.url, "--call", "echo", "text=hello")
    assert (said.status, said.err) == (0, "")
    assert "  well  connect " in said.out
    assert said.out.endswith("13 tools, 3 resources, 1 template, 2 prompts\n")
    assert [entry["body"]["params"]["arguments"] for entry in upstream.record() if entry["rpc"] == "tools/call"] == [
        {"text": "hello"}
    ]


def test_json_is_a_line_a_look(verb: Verb, raw_modern: Running):
    said = verb("monitor", raw_modern.url, "--json", "--every", "0.01", "--count", "3")
    looks = [json.loads(line) for line in said.out.splitlines()]
    assert [look["state"] for look in looks] == ["well"] * 3
    assert looks[0]["counts"] == {"tools": 13, "resources": 3, "templates": 1, "prompts": 2}
    assert looks[0]["version"] == "2026-07-28"
    assert looks[0]["call_ms"] is None
    assert looks[0]["list_ms"] > 0


@pytest.mark.parametrize(
    ("fault", "on", "status", "words"),
    [
        ("server_error", "", 3, "HTTP 500"),
        ("html", "", 3, "not MCP"),
        ("unauthorized", "", 4, "credential"),
        ("forbidden", "tools/call", 4, "does not allow"),
        ("hang", "", 3, "did not take a connection within 2 s"),
        ("hang", "tools/list", 3, "did not list its tools within"),
        ("hang", "tools/call", 3, "did not answer the call of echo within"),
    ],
)
def test_what_is_wrong_is_told_in_words_and_status(
    fault: str, on: str, status: int, words: str, verb: Verb, raw_modern: Running
):
    raw_modern.control(fault=fault, on=on)
    said = verb("monitor", raw_modern.url, "--call", "echo", "text=a", "--deadline", "2" if fault == "hang" else "20")
    assert said.status == status
    assert words in said.out


def test_a_tool_that_fails_and_one_that_is_not_there_are_failures(verb: Verb, raw_modern: Running):
    assert verb("monitor", raw_modern.url, "--call", "fail", "message=no").status == 1
    assert verb("monitor", raw_modern.url, "--call", "nope").status == 1


def test_a_server_that_is_not_there_is_down(verb: Verb):
    said = verb("monitor", "http://127.0.0.1:9/mcp", "--json")
    assert said.status == 3
    assert "connection refused" in said.json["reason"]


def test_an_upstream_behind_a_gateway_that_is_down_is_told_by_the_probe(tmp_path: Path, verb: Verb):
    with raw_http() as upstream, served(tmp_path, configuration({"raw": upstream})) as gateway:
        assert verb("monitor", gateway.url, "--call", "raw_echo", "text=a").status == 0
        upstream.kill()
        said = verb("monitor", gateway.url, "--call", "raw_echo", "text=a")
        assert verb("monitor", gateway.url, "--call", "own_shout", "text=a").status == 0
    assert said.status == 3
    assert "Upstream 'raw' " in said.out


def test_a_token_is_sent_and_never_shown(verb: Verb, raw_modern: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKEN", "CANARY-OF-A-TOKEN")
    message = "you sent CANARY-OF-A-TOKEN \x1b[31m"
    said = verb("monitor", raw_modern.url, "--bearer-env", "TOKEN", "--call", "fail", f"message={message}")
    assert {entry["headers"]["authorization"] for entry in raw_modern.record()} == {"Bearer CANARY-OF-A-TOKEN"}
    assert said.status == 1
    assert "you sent **** [31m" in said.out


def test_without_a_url_it_is_the_configured_gateway(tmp_path: Path, verb: Verb):
    with raw_http() as upstream:
        port = upstream.url.split(":")[2].split("/")[0]
        (tmp_path / "gateway.toml").write_text(f"[services.own]\n{SERVICE}\n[server]\nport = {port}\n")
        assert verb("monitor", "--json").json["server"] == upstream.url


@pytest.mark.parametrize(
    "words", [["nowhere"], ["http://127.0.0.1:9/", "a=1"], ["http://127.0.0.1:9/", "--every", "0"], ["http://a/", "a"]]
)
def test_what_makes_no_sense_is_a_matter_of_usage(verb: Verb, words: list[str]):
    said = verb("monitor", *words)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("error: ")


def test_a_terminal_gets_a_table_that_lives(tmp_path: Path, raw_modern: Running):
    ours, theirs = pty.openpty()
    words = (*GATEWAY, "monitor", raw_modern.url, "--every", "0.01", "--count", "3")
    environ = clean_environment(TERM="xterm", COLUMNS="100", LINES="30")
    ran = subprocess.run(words, cwd=tmp_path, env=environ, stdout=theirs, stderr=subprocess.PIPE, timeout=30)
    os.close(theirs)
    shown = _read(ours)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "the last 3" in shown
    assert "3/3 well" in shown
    assert "█" in shown


def _read(terminal: int) -> str:
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(terminal)
    return shown.decode()
