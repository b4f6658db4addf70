"""Runs a workflow: stage after stage, the steps of one side by side, each call sent once and within its time."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_types import CallToolResult, Tool

from gateway.client.health import state_of
from gateway.client.results import text_of, value_of
from gateway.client.schema import faults_of
from gateway.client.server import Server
from gateway.client.workflow.model import Condition, Step, Workflow
from gateway.client.workflow.plan import checked
from gateway.client.workflow.references import NotThere, Reference, at, resolved
from gateway.client.workflow.report import Report, StepReport, StepState
from gateway.errors import GatewayError

MOST_TOGETHER = 8
MOST_RESULT_BYTES = 1024 * 1024
MOST_SHOWN_BYTES = 64 * 1024
LONGEST_REASON = 500
PAST_DEADLINE = "The workflow's deadline of {:g} s passed."


async def run(workflow: Workflow, server: Server, inputs: Mapping[str, Any] | None = None) -> Report:
    """Run it over a connection, and say what came of each step. When it returns, nothing of it runs any more.

    Raises:
        WorkflowError: it cannot run with the server's tools or these inputs; nothing was called.
        GatewayError: the tools cannot be listed.
    """
    tools = await server.tools()
    return await _Run(workflow, server, tools, checked(workflow, tools, inputs or {})).all()


class _StepFailed(Exception):
    """A step that comes to no good, with the reason."""


class _Run:
    def __init__(self, workflow: Workflow, server: Server, tools: Sequence[Tool], inputs: Mapping[str, Any]):
        self._workflow = workflow
        self._server = server
        self._schemas = {tool.name: tool.input_schema for tool in tools}
        self._inputs = inputs
        self._reports = {step.name: StepReport(step.name, step.tool) for step in workflow.steps()}
        self._values: dict[str, Any] = {}
        self._texts: dict[str, str] = {}
        self._stopped_by: StepReport | None = None
        self._places = asyncio.Semaphore(MOST_TOGETHER)

    async def all(self) -> Report:
        began = time.monotonic()
        reason = cause = ""
        try:
            async with asyncio.timeout(self._workflow.deadline):
                for stage in self._workflow.stages:
                    await self._stage(stage)
        except TimeoutError:
            reason, cause = PAST_DEADLINE.format(self._workflow.deadline), "failed"
        if self._stopped_by is not None:
            reason, cause = f"Step '{self._stopped_by.name}' {self._stopped_by.reason}", self._stopped_by.cause
        seconds = round(time.monotonic() - began, 3)
        steps = tuple(self._reports.values())
        return Report(self._workflow.name, self._server.name, not reason, reason, cause, seconds, steps)

    async def _stage(self, stage: tuple[Step, ...]) -> None:
        """Steps side by side. When one stops the workflow, those that run end by themselves, and no other begins."""
        async with asyncio.TaskGroup() as group:
            for step in stage:
                group.create_task(self._in_its_place(step))

    async def _in_its_place(self, step: Step) -> None:
        async with self._places:
            if self._stopped_by is None:
                await self._step(step)

    async def _step(self, step: Step) -> None:
        began = time.monotonic()
        state: StepState = "cut off"
        reason, cause = "was cut off. It is not known what became of its call.", "failed"
        try:
            state, reason, cause = await self._outcome(step)
        finally:
            self._note(step, state, reason[:LONGEST_REASON], cause, round(time.monotonic() - began, 3))

    async def _outcome(self, step: Step) -> tuple[StepState, str, str]:
        try:
            if step.when is not None and not self._holds(step.when):
                return "skipped", "its condition does not hold", ""
            result = await self._server.call(step.tool, self._arguments(step), deadline=step.deadline)
            self._keep(step, result)
        except (NotThere, _StepFailed) as error:
            return "failed", str(error), "failed"
        except GatewayError as error:
            return "failed", f"failed: {error.message}", state_of(error)
        except RecursionError:
            return "failed", "gave a result that is nested too deeply", "failed"
        return "ok", "", ""

    def _note(self, step: Step, state: StepState, reason: str, cause: str, seconds: float) -> None:
        value, text = self._values.get(step.name), self._texts.get(step.name, "")
        if len(json.dumps(value)) > MOST_SHOWN_BYTES:
            value, reason = None, reason or "its value is too large to be shown here"
        report = StepReport(step.name, step.tool, state, reason, cause, seconds, value, text[:MOST_SHOWN_BYTES])
        self._reports[step.name] = report
        if state == "failed" and step.on_error == "stop" and self._stopped_by is None:
            self._stopped_by = report

    def _arguments(self, step: Step) -> dict[str, Any]:
        arguments = resolved(step.arguments, self._look)
        if faults := faults_of(self._schemas[step.tool], arguments):
            raise _StepFailed(f"was not called, for its arguments do not fit: {'; '.join(faults)}")
        return arguments

    def _keep(self, step: Step, result: CallToolResult) -> None:
        text = text_of(result)
        if result.is_error:
            raise _StepFailed(f"failed: {self._server.masked(text) or 'it does not say why'}")
        value = value_of(result)
        if len(json.dumps(value)) + len(text) > MOST_RESULT_BYTES:
            raise _StepFailed(f"gave a result of more than {MOST_RESULT_BYTES // 2**20} MiB, which is not kept")
        self._values[step.name], self._texts[step.name] = value, text

    def _look(self, reference: Reference) -> Any:
        if reference.root == "inputs":
            return at(self._inputs[reference.name], reference)
        report = self._reports[reference.name]
        if reference.part == "ok":
            return report.state == "ok"
        if report.state != "ok":
            what = {"failed": "failed", "skipped": "was skipped"}.get(report.state, "did not run")
            raise NotThere(f"refers to step '{reference.name}', which {what}")
        return self._texts[reference.name] if reference.part == "text" else at(self._values[reference.name], reference)

    def _holds(self, condition: Condition) -> bool:
        value, other = resolved([condition.value, condition.other], self._look)
        try:
            match condition.compared:
                case "":
                    return bool(value)
                case "is":
                    return value == other
                case "is_not":
                    return value != other
                case "above":
                    return value > other
                case "below":
                    return value < other
                case _:
                    return other in value
        except TypeError:
            raise _StepFailed(f"has a condition that cannot be decided: '{condition.compared}' does not fit") from None
