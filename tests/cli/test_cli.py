"""The frame of the command: help, errors, exit statuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.cli.verbs import VERBS, Verb
from tests.cli.command import gateway

FAILING = [
    Verb(name, f"tests.cli.failing:{name}", "Fails.")
    for name in (
        "configuration",
        "down",
        "forbidden",
        "unauthenticated",
        "invalid",
        "unknown",
        "interrupted",
        "surprised",
        "asynchronous",
    )
]


@pytest.mark.parametrize(
    ("verb", "status", "said"),
    [
        ("down", 3, "error: Upstream 'docs' is down since noon. Start it.\n"),
        ("forbidden", 4, "error: The scope docs:call is missing.\n"),
        ("unauthenticated", 4, "error: Show a key.\n"),
        ("invalid", 2, "error: Give an object.\n"),
        ("unknown", 1, "error: There is no such tool.\n"),
        ("interrupted", 130, ""),
        ("asynchronous", 3, ""),
        (
            "configuration",
            1,
            "The configuration has 2 faults.\n\n"
            "gateway.toml: server.port: is wrong\n    mend it\n\n"
            "mcp.json: is not there\n",
        ),
    ],
)
def test_a_failure_is_said_on_stderr_and_in_the_exit_status(
    verb: str, status: int, said: str, capfd: pytest.CaptureFixture[str]
):
    assert run([verb], FAILING) == status
    assert capfd.readouterr() == ("", said)


def test_a_traceback_is_for_those_who_ask(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GATEWAY_DEBUG", raising=False)
    assert run(["surprised"], FAILING) == 1
    said = capfd.readouterr().err
    assert said.startswith("error: unexpected RuntimeError\n")
    assert "CANARY" not in said
    monkeypatch.setenv("GATEWAY_DEBUG", "1")
    assert run(["surprised"], FAILING) == 1
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chekc"], "error: there is no verb chekc\n    did you mean `gateway check`?\n"),
        (["upstream", "ad", "x"], "error: there is no verb upstream ad\n    did you mean `gateway upstream add`?\n"),
        (["config", "x"], "error: there is no verb config x\n    known here: schema, show\n"),
        (["check", "--cnofig", "x"], "error: Unknown option: --cnofig. Did you mean --config?"),
        (["upstream", "add"], 'error: Command "upstream add" parameter NAME requires an argument.'),
        (["upstream", "add", "[red]x"], "error: give exactly one of --url and --command"),
    ],
)
def test_wrong_usage_is_exit_status_2(words: list[str], said: str, capfd: pytest.CaptureFixture[str]):
    assert run(words) == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith(said)


def test_help_lists_every_verb(capfd: pytest.CaptureFixture[str]):
    assert run(["--help"]) == 0
    top = capfd.readouterr().out
    for verb in VERBS:
        group, _, name = verb.words.rpartition(" ")
        assert run([group, "--help"] if group else ["--help"]) == 0
        assert verb.help in capfd.readouterr().out
        assert (group or name) in top


def test_what_only_reads_files_does_not_import_fastmcp(tmp_path: Path):
    words = [["--help"], ["check"], ["config", "show"], ["config", "schema"], ["upstream", "list"], ["chekc"]]
    code = f"import sys; from gateway.cli import run; print(sum(map(run, {words})), 'fastmcp' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "2 False"


def test_a_reader_that_leaves_early_is_no_failure(tmp_path: Path):
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "config", "schema"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_data_goes_to_stdout_and_nothing_else_does(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text('include = ["mcp.json"]\n')
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"GitHub": {"command": "npx", "autoApprove": []}}}')
    ran = gateway("upstream", "list", "--json", folder=tmp_path)
    assert [each["namespace"] for each in json.loads(ran.stdout)] == ["github"]
    assert ran.returncode == 0
