"""`gateway workflow`: calls of tools from a file, in order or side by side, and one report."""

import asyncio
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gateway.cli.options import AsJson, At, BearerEnv, ConfigFile, Deadline
from gateway.cli.output import EXIT_OF_STATE, Exit, print_error, print_json, print_table, print_text
from gateway.cli.serving import keep_quiet
from gateway.cli.target import connected
from gateway.client.flags import arguments_from
from gateway.client.workflow import Report, Workflow, checked, read_workflow, run
from gateway.client.workflow.model import Step
from gateway.errors import WorkflowError

LONGEST_CELL = 100


def workflow(
    file: Annotated[Path, Parameter(help="The workflow, YAML or JSON.")],
    /,
    *inputs: Annotated[str, Parameter(show_default=False, help="key=value pairs for the workflow's inputs.")],
    dry_run: Annotated[
        bool, Parameter(negative="", help="Check tools, arguments and references, and call nothing.")
    ] = False,
    at: At = None,
    bearer_env: BearerEnv = None,
    deadline: Deadline = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> Exit:
    """Run the calls of a workflow and print what came of each; the exit status tells why it stopped."""
    keep_quiet()
    try:
        read = read_workflow(file)
        chosen = replace(read, deadline=deadline or read.deadline)
        where = (at, bearer_env) if at else (read.at or None, bearer_env or read.bearer_env or None)
        report = asyncio.run(_run(chosen, arguments_from(inputs, {}), (*where, config), dry_run))
    except WorkflowError as error:
        if not as_json:
            raise
        print_json({"well": False, "faults": [asdict(fault) for fault in error.faults]})
        return Exit.FAILED
    if report is None:
        _show_plan(chosen, as_json)
        return Exit.WELL
    _show(report, as_json)
    return Exit.WELL if report.well else EXIT_OF_STATE[report.cause]


async def _run(
    workflow: Workflow, inputs: dict[str, Any], where: tuple[str | None, str | None, Path | None], dry_run: bool
) -> Report | None:
    """The report; of a dry run none, for it calls nothing."""
    at, bearer_env, config = where
    async with connected(at, bearer_env, config, [step.tool for step in workflow.steps()]) as server:
        if not dry_run:
            return await run(workflow, server, inputs)
        checked(workflow, await server.tools(), inputs)
        return None


def _show_plan(workflow: Workflow, as_json: bool) -> None:
    stages = [[step.name for step in stage] for stage in workflow.stages]
    if as_json:
        print_json({"well": True, "stages": stages})
        return
    rows = [
        (str(number), step.name, step.tool, _used(step))
        for number, stage in enumerate(workflow.stages, 1)
        for step in stage
    ]
    print_table(("stage", "step", "tool", "uses"), rows)
    print_text("\nAll is well; nothing was called.")


def _used(step: Step) -> str:
    """The steps and inputs that a step refers to."""
    names = {each.name if each.root == "steps" else f"inputs.{each.name}" for each in step.references()}
    return ", ".join(sorted(names))


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
        return
    rows = [
        (step.name, step.tool, step.state, f"{step.seconds:.2f}", _cell(step.reason or step.text))
        for step in report.steps
    ]
    print_table(("step", "tool", "state", "seconds", "result"), rows)
    if not report.well:
        print_error(report.reason)


def _cell(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_CELL else words[: LONGEST_CELL - 1] + "…"
