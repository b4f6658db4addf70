"""What can be known of a workflow before it runs: its tools, its arguments and the paths of its references."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from mcp_types import Tool

from gateway.client.schema import Schema, faults_of
from gateway.client.workflow.model import Step, Workflow
from gateway.client.workflow.references import Reference, references_in
from gateway.errors import Fault, WorkflowError


def checked(workflow: Workflow, tools: Sequence[Tool], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of one run, the workflow's own under those given.

    Raises:
        WorkflowError: it cannot run with these tools and inputs.
    """
    known = {tool.name: tool for tool in tools}
    faults = list(_input_faults(workflow, inputs))
    tool_of = {step.name: step.tool for step in workflow.steps()}
    for step in workflow.steps():
        faults += _step_faults(workflow.source, step, known)
        faults += _path_faults(workflow.source, step, {name: known.get(tool) for name, tool in tool_of.items()})
    if faults:
        raise WorkflowError(faults)
    return {**workflow.inputs, **inputs}


def _input_faults(workflow: Workflow, inputs: Mapping[str, Any]) -> Iterator[Fault]:
    for name in inputs:
        if name not in workflow.inputs:
            cure = f"its inputs are: {', '.join(workflow.inputs) or 'none'}"
            yield Fault(workflow.source, f"inputs.{name[:100]}", "is not there", cure)
    for name, value in workflow.inputs.items():
        if value is None and inputs.get(name) is None:
            yield Fault(workflow.source, f"inputs.{name}", "has no value", f"give it one: {name}=VALUE")


def _step_faults(source: str, step: Step, tools: Mapping[str, Tool]) -> Iterator[Fault]:
    where = f"step '{step.name}'"
    tool = tools.get(step.tool)
    if tool is None:
        near = get_close_matches(step.tool, list(tools), n=1)
        cure = f"did you mean '{near[0]}'?" if near else "list the server's tools to see what there is"
        yield Fault(source, where, f"there is no tool '{step.tool[:100]}'", cure)
        return
    referring = {name for name, value in step.arguments.items() if next(references_in(value), None) is not None}
    for fault in faults_of(_loosened(tool.input_schema, referring), step.arguments):
        yield Fault(source, f"{where}: arguments", fault)


def _loosened(schema: Schema, names: set[str]) -> Schema:
    """The schema with any value taken for these arguments: what they will be is not known yet."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return schema
    return {**schema, "properties": {**properties, **{name: {} for name in names if name in properties}}}


def _path_faults(source: str, step: Step, tool_of: Mapping[str, Tool | None]) -> Iterator[Fault]:
    for reference in step.references():
        tool = tool_of.get(reference.name) if reference.root == "steps" and reference.part == "value" else None
        properties = _result_properties(tool)
        if properties and reference.path and reference.path[0] not in properties:
            problem = f"refers to ${{{reference.text}}}, and {_said(reference, tool)} has no {reference.path[0]!r}"
            yield Fault(source, f"step '{step.name}'", problem, f"it has: {', '.join(list(properties)[:20])}")


def _said(reference: Reference, tool: Tool | None) -> str:
    return f"the result of {tool.name}" if tool else reference.name


def _result_properties(tool: Tool | None) -> list[str]:
    """The keys that a tool says its result has; none if it does not say."""
    schema = tool.output_schema if tool else None
    properties = schema.get("properties") if schema else None
    return list(properties) if isinstance(properties, Mapping) else []
