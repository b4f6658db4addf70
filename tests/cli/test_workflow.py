"""`gateway workflow`: a file of calls, its report, and the exit status that tells how it ended."""

import json
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Verb
from tests.cli.running import GATEWAY, Process, clean_environment
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import Running

STEPS = """
inputs:
  word: hello
steps:
  - name: loud
    tool: own_shout
    arguments: {text: "${inputs.word}"}
  - parallel:
      - {name: sum, tool: raw_add, arguments: {a: 1, b: 2}}
      - {name: again, tool: own_shout, arguments: {text: "${steps.loud.text}!", times: 2}}
"""


@pytest.fixture
def folder(tmp_path: Path, raw_modern: Running) -> Path:
    """A configuration with the service `own` and the upstream `raw`, and a workflow over both."""
    written(tmp_path, configuration({"raw": raw_modern}))
    (tmp_path / "w.yaml").write_text(STEPS)
    return tmp_path


def test_a_workflow_runs_in_a_gateway_of_its_own(folder: Path, verb: Verb):
    said = verb("workflow", "w.yaml")
    assert (said.status, said.err) == (0, "")
    heading, *rows = [line.split() for line in said.out.splitlines()]
    assert heading == ["step", "tool", "state", "seconds", "result"]
    assert [(row[0], row[2], row[4]) for row in rows][::2] == [("loud", "ok", "HELLO"), ("again", "ok", "HELLO!HELLO!")]


def test_json_is_the_whole_report_and_inputs_come_as_pairs(folder: Path, verb: Verb):
    said = verb("workflow", "w.yaml", "word=bye", "--json")
    assert (said.status, said.json["well"]) == (0, True)
    assert [step["state"] for step in said.json["steps"]] == ["ok", "ok", "ok"]
    assert said.json["steps"][0]["value"] == {"result": "BYE"}
    assert said.json["steps"][1]["value"]["sum"] == 3


def test_a_dry_run_calls_nothing(folder: Path, verb: Verb, raw_modern: Running):
    said = verb("workflow", "w.yaml", "--dry-run")
    assert said.status == 0
    assert said.out.endswith("All is well; nothing was called.\n")
    assert verb("workflow", "w.yaml", "--dry-run", "--json").json["stages"] == [["loud"], ["sum", "again"]]
    assert "tools/call" not in [entry["rpc"] for entry in raw_modern.record()]


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps: [", "w.yaml: line 1: is not the YAML meant here"),
        (
            "steps:\n  - {name: a, tool: own_shot}",
            "step 'a': there is no tool 'own_shot'\n    did you mean 'own_shout'?",
        ),
        ("steps:\n  - {name: a, tool: own_shout}", "step 'a': arguments: 'text' is missing"),
        (
            "steps:\n  - {name: a, tool: t, arguments: {x: '${steps.b.value}'}}",
            "refers to step 'b', which is not there",
        ),
        ("steps:\n  - {name: a, tool: t, when: '${steps.a.ok}'}", "refer to each other in a circle: a → a"),
    ],
)
def test_a_workflow_with_a_fault_runs_nothing(
    folder: Path, verb: Verb, raw_modern: Running, text: str, told: str, words: tuple[str, ...]
):
    (folder / "w.yaml").write_text(text)
    said = verb("workflow", "w.yaml", *words)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("The workflow has 1 fault.\n")
    assert told in said.err
    faults = verb("workflow", "w.yaml", "--json", *words).json
    assert (faults["well"], len(faults["faults"])) == (False, 1)
    assert "tools/call" not in [entry["rpc"] for entry in raw_modern.record()]


def test_a_file_that_is_not_there(folder: Path, verb: Verb):
    said = verb("workflow", "nope.yaml")
    assert said.status == 1
    assert "nope.yaml: cannot be read: no such file or directory" in said.err


@pytest.mark.parametrize(("fault", "status"), [(None, 1), ("server_error", 3), ("forbidden", 4)])
def test_why_it_stopped_is_the_exit_status(
    folder: Path, verb: Verb, raw_modern: Running, fault: str | None, status: int
):
    raw_modern.control(fault=fault, on="tools/call")
    steps = "  - {name: a, tool: fail, arguments: {message: no}}\n  - {name: b, tool: echo, arguments: {text: a}}\n"
    text = f"at: {raw_modern.url}\nsteps:\n{steps}"
    (folder / "w.yaml").write_text(text)
    said = verb("workflow", "w.yaml")
    assert said.status == status
    assert said.err.startswith("error: Step 'a' failed: ")
    assert [line.split()[2] for line in said.out.splitlines()[1:]] == ["failed", "not"]


def test_another_server_is_not_sent_the_token_that_the_file_names(
    folder: Path, verb: Verb, raw_modern: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOKEN", "CANARY-OF-A-TOKEN")
    steps = "steps:\n  - {name: a, tool: echo, arguments: {text: a}}\n"
    (folder / "w.yaml").write_text(f"at: {raw_modern.url}\nbearer_env: TOKEN\n{steps}")
    assert verb("workflow", "w.yaml").status == 0
    assert {entry["headers"].get("authorization") for entry in raw_modern.record()} == {"Bearer CANARY-OF-A-TOKEN"}
    raw_modern.reset()
    (folder / "w.yaml").write_text(f"at: http://127.0.0.1:9/mcp\nbearer_env: TOKEN\n{steps}")
    said = verb("workflow", "w.yaml", "--at", raw_modern.url, "--json")
    assert said.status == 0
    assert {entry["headers"].get("authorization") for entry in raw_modern.record()} == {None}
    assert "CANARY" not in said.out + said.err


async def test_an_interrupted_workflow_leaves_nothing_running(folder: Path, raw_modern: Running):
    (folder / "w.yaml").write_text("steps:\n  - {name: a, tool: raw_slow, arguments: {seconds: 30}}\n")
    with Process((*GATEWAY, "workflow", "w.yaml"), folder, clean_environment()) as process:
        await raw_modern.wait_for("started", "slow", deadline=20)
        assert process.stop(signal.SIGINT) == 130
    await raw_modern.wait_for("cancelled", "slow")


def test_the_deadline_of_the_whole_can_be_set(folder: Path, verb: Verb):
    (folder / "w.json").write_text(
        json.dumps({"steps": [{"name": "a", "tool": "raw_slow", "arguments": {"seconds": 30}}]})
    )
    said = verb("workflow", "w.json", "--deadline", "0.5")
    assert (said.status, said.err) == (1, "error: The workflow's deadline of 0.5 s passed.\n")
    assert "cut off" in said.out
