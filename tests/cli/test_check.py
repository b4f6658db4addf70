"""`gateway check`."""

import json
from pathlib import Path

from tests.cli.command import gateway

FILE = """
include = ["mcp.json"]
[services.data]
[services.database]
enabled = false
[upstreams.hosted]
url = "https://example.com/mcp?key=CANARY"
auth.bearer = "${env:HOSTED_KEY}"
enabled = "when-configured"
"""


def test_it_says_what_would_be_served(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text(FILE)
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"GitHub": {"command": "npx", "args": ["--token", "CANARY"]}}}')
    ran = gateway("check", folder=tmp_path)
    assert ran.returncode == 0
    assert ran.stdout.splitlines() == [
        "kind      namespace  at                                state",
        "service   data       services.data.server              on",
        "service   database   services.database.server          off: enabled = false",
        "upstream  hosted     https://example.com/mcp?key=****  off: HOSTED_KEY is not set",
        "upstream  github     npx --token ****                  on",
        "gateway.toml: no fault found.",
    ]
    assert ran.stderr == "note: mcp.json: GitHub is served as github\n"


def test_it_says_what_each_worker_starts_for_itself(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text(
        '[upstreams.tool]\ncommand = "npx"\n[upstreams.web]\nurl = "http://a.example/"'
    )
    assert gateway("check", folder=tmp_path).stderr == ""
    ran = gateway("check", folder=tmp_path, GATEWAY__SERVER__WORKERS="3")
    assert ran.stderr == "note: each of 3 workers starts its own processes of tool (server.workers)\n"


def test_as_json(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text("[services.data]\n")
    environ = {"GATEWAY__UPSTREAMS__DOCS__URL": "https://example.com/mcp"}
    ran = gateway("check", "--json", folder=tmp_path, **environ)
    assert json.loads(ran.stdout) == {
        "ok": True,
        "file": "gateway.toml",
        "services": [{"namespace": "data", "module": "services.data.server", "enabled": True}],
        "upstreams": [{"namespace": "docs", "file": "environment", "at": "https://example.com/mcp", "on": True}],
        "notes": [],
    }


def test_every_fault_is_told_with_exit_status_1(tmp_path: Path):
    (tmp_path / "broken.toml").write_text('[server]\nprot = 1\nport = "CANARY"\n')
    plain = gateway("check", "--config", "broken.toml", folder=tmp_path)
    assert (plain.returncode, plain.stdout) == (1, "")
    assert plain.stderr == (
        "The configuration has 2 faults.\n\n"
        "broken.toml: server.port: must be a whole number\n\n"
        "broken.toml: server.prot: unknown key\n    did you mean port?\n"
    )
    as_json = gateway("check", "--json", folder=tmp_path, GATEWAY_CONFIG="broken.toml")
    assert (as_json.returncode, as_json.stderr) == (1, "")
    assert json.loads(as_json.stdout)["faults"][1] == {
        "file": "broken.toml",
        "key": "server.prot",
        "problem": "unknown key",
        "cure": "did you mean port?",
    }


def test_what_could_not_check_a_token_is_a_fault_too(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text(
        '[auth.jwt.corp]\nissuer = "https://id.example.com"\naudience = "me"\njwks_uri = "http://id.example.com/keys"\n'
    )
    ran = gateway("check", folder=tmp_path)
    assert ran.returncode == 1
    assert "auth.jwt.corp.jwks_uri: could be changed on its way" in ran.stderr
