"""What is wrong with a workflow is found before anything is called."""

from typing import Any

import pytest
from mcp_types import Tool

from gateway.client.workflow.model import workflow_from
from gateway.client.workflow.plan import checked
from gateway.errors import WorkflowError

TOOLS = [
    Tool(
        name="add",
        input_schema={
            "type": "object",
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
        output_schema={"type": "object", "properties": {"sum": {"type": "number"}}},
    ),
    Tool(name="echo", input_schema={"type": "object", "properties": {"text": {"type": "string"}}}),
]


def step(name: str, tool: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "tool": tool, "arguments": arguments}


def told(*steps: dict[str, Any], given: dict[str, Any] | None = None, **inputs: Any) -> list[str]:
    workflow = workflow_from({"steps": list(steps), "inputs": inputs})
    try:
        checked(workflow, TOOLS, given or {})
    except WorkflowError as error:
        return [str(fault).removeprefix("workflow: ") for fault in error.faults]
    return []


def test_a_workflow_that_fits_gives_its_inputs():
    workflow = workflow_from({"steps": [step("a", "echo", text="${inputs.x}")], "inputs": {"x": 1, "y": 2}})
    assert checked(workflow, TOOLS, {"y": 3}) == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("steps", "faults"),
    [
        ([step("a", "ad")], ["step 'a': there is no tool 'ad'\n    did you mean 'add'?"]),
        ([step("a", "add", a=1)], ["step 'a': arguments: 'b' is missing"]),
        ([step("a", "add", a=1, b="CANARY")], ["step 'a': arguments: 'b' must be a number"]),
        ([step("a", "add", a=1, b=2, c=3)], ["step 'a': arguments: there is no 'c'"]),
        ([step("a", "add", a=1, b=2), step("b", "echo", text="${steps.a.value.sum}")], []),
        (
            [step("a", "add", a=1, b=2), step("b", "echo", text="${steps.a.value.total}")],
            ["step 'b': refers to ${steps.a.value.total}, and the result of add has no 'total'\n    it has: sum"],
        ),
        ([step("a", "echo"), step("b", "add", a="${steps.a.value.any}", b=2)], []),
        (
            [step("a", "echo"), step("b", "add", c="${steps.a.value}", a=1, b=2)],
            ["step 'b': arguments: there is no 'c'"],
        ),
    ],
)
def test_tools_arguments_and_paths_are_checked(steps: list[dict[str, Any]], faults: list[str]):
    assert told(*steps) == faults


def test_inputs_are_checked():
    assert told(step("a", "echo"), given={"citi": 1}, city="Oslo") == [
        "inputs.citi: is not there\n    its inputs are: city"
    ]
    assert told(step("a", "echo"), city=None) == ["inputs.city: has no value\n    give it one: city=VALUE"]
    assert told(step("a", "echo"), given={"city": "Oslo"}, city=None) == []
