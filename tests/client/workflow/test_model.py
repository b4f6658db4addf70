"""A workflow's file, and every way in which it may be wrong."""

from pathlib import Path
from typing import Any

import pytest

from gateway.client.workflow.model import MOST_STEPS, Condition, read_workflow, workflow_from
from gateway.errors import WorkflowError

A = {"name": "a", "tool": "echo"}


def faults(document: Any) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        workflow_from(document)
    return [str(fault) for fault in caught.value.faults]


def test_a_workflow_is_read_from_a_file(tmp_path: Path):
    (tmp_path / "w.yaml").write_text(
        "name: all\nat: http://a/mcp\nbearer_env: TOKEN\ndeadline: 60\ninputs: {city: Oslo}\n"
        "steps:\n"
        "  - {name: first, tool: echo, arguments: {text: '${inputs.city}'}, deadline: 5}\n"
        "  - parallel:\n"
        "      - {name: b, tool: echo, on_error: continue, when: '${steps.first.ok}'}\n"
        "      - {name: c, tool: echo, when: {value: '${steps.first.text}', is_not: x}}\n"
    )
    read = read_workflow(tmp_path / "w.yaml")
    assert [[step.name for step in stage] for stage in read.stages] == [["first"], ["b", "c"]]
    assert (read.name, read.at, read.bearer_env, read.deadline) == ("all", "http://a/mcp", "TOKEN", 60)
    first, b, c = read.steps()
    assert (first.deadline, first.on_error, first.when) == (5, "stop", None)
    assert (b.on_error, b.when) == ("continue", Condition("${steps.first.ok}"))
    assert c.when == Condition("${steps.first.text}", "is_not", "x")


def test_a_file_that_cannot_be_read_is_a_fault_with_its_line(tmp_path: Path):
    (tmp_path / "w.yaml").write_text("steps:\n  - {name: a\n")
    with pytest.raises(WorkflowError) as caught:
        read_workflow(tmp_path / "w.yaml")
    assert "line 3" in str(caught.value)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "is no mapping"),
        ([A], "is no mapping"),
        ({}, "steps: is no list of steps"),
        ({"steps": []}, "steps: is no list"),
        ({"steps": [A], "step": 1}, "step: is not known\n    did you mean 'steps'?"),
        ({"steps": ["a"]}, "steps[0]: is no mapping"),
        ({"steps": [{"tool": "echo"}]}, "steps[0].name: is missing"),
        ({"steps": [{"name": "a"}]}, "steps[0].tool: is missing"),
        ({"steps": [{**A, "name": "a b"}]}, "steps[0].name: is no name"),
        ({"steps": [A, A]}, "steps[1].name: 'a' is the name of another step too"),
        ({"steps": [{**A, "arguments": [1]}]}, "steps[0].arguments: is no mapping"),
        ({"steps": [{**A, "argument": {}}]}, "did you mean 'arguments'?"),
        ({"steps": [{**A, "on_error": "ignore"}]}, "steps[0].on_error: is neither stop nor continue"),
        ({"steps": [{**A, "deadline": 0}]}, "steps[0].deadline: is no number of seconds"),
        ({"steps": [A], "deadline": True}, "deadline: is no number of seconds"),
        ({"steps": [{**A, "when": "yes"}]}, "steps[0].when: is no condition"),
        ({"steps": [{**A, "when": {"value": 1}}]}, "steps[0].when: is no condition"),
        ({"steps": [{**A, "when": {"value": 1, "is": 1, "above": 0}}]}, "steps[0].when: is no condition"),
        ({"steps": [{"parallel": []}]}, "steps[0].parallel: is no list"),
        ({"steps": [{"parallel": [{"parallel": [A]}]}]}, "steps[0].parallel[0].parallel: is not known"),
        ({"steps": [A], "inputs": ["city"]}, "inputs: is no mapping"),
        ({"steps": [A], "at": 1}, "at: is no text"),
        ({"steps": [{**A, "arguments": {"x": "${steps.b}"}}]}, "steps[0]: has ${steps.b}"),
        ({"steps": [{**A, "name": f"a{n}"} for n in range(MOST_STEPS + 1)]}, "more than 100 steps"),
    ],
)
def test_each_fault_is_named_where_it_stands(document: Any, words: str):
    assert any(words in fault for fault in faults(document)), faults(document)


def referring(**uses: str) -> list[dict[str, Any]]:
    return [{"name": name, "tool": "t", "arguments": {"x": f"${{{text}}}"}} for name, text in uses.items()]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            referring(a="inputs.city", total="steps.totl.value"),
            [
                "workflow: step 'a': refers to input 'city', which is not there\n    there are: none",
                "workflow: step 'total': refers to step 'totl', which is not there\n    did you mean 'total'?",
            ],
        ),
        (
            referring(a="steps.b.value", b="inputs.x"),
            [
                "workflow: step 'a': refers to step 'b', which comes after it\n"
                "    a step can use what steps before it gave; change the order",
                "workflow: step 'b': refers to input 'x', which is not there\n    there are: none",
            ],
        ),
        (
            [{"parallel": [A, *referring(b="steps.a.value")]}],
            [
                "workflow: step 'b': refers to step 'a', which runs beside it\n"
                "    a step can use what steps before it gave; change the order"
            ],
        ),
        (referring(a="steps.a.value"), ["workflow: steps: refer to each other in a circle: a → a"]),
        (
            referring(a="steps.c.text", b="steps.a.ok", c="steps.b.value.x"),
            ["workflow: steps: refer to each other in a circle: a → c → b → a"],
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(steps: list[Any], told: list[str]):
    assert faults({"steps": steps}) == told


def test_all_faults_are_told_at_once():
    assert len(faults({"steps": [{"name": "1"}, {**A, "when": 1}], "inputs": 1})) == 4
