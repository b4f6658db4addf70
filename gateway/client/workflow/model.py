"""A workflow as data, read from YAML or JSON with all its faults at once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

from gateway.client.document import read_file
from gateway.client.workflow.references import BadReference, Reference, references_in
from gateway.errors import Fault, InvalidRequest, WorkflowError

MOST_STEPS = 100
STEP_SECONDS = 30.0
SECONDS = 300.0
MOST_SECONDS = 86_400.0

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
TOP = ("name", "at", "bearer_env", "deadline", "inputs", "steps")
OF_A_STEP = ("name", "tool", "arguments", "when", "on_error", "deadline")
COMPARED = ("is", "is_not", "above", "below", "contains")


@dataclass(frozen=True)
class Condition:
    """When a step runs: `value` is true, or compares so with `other`. Both may refer."""

    value: Any
    compared: str = ""
    other: Any = None


@dataclass(frozen=True)
class Step:
    """One call."""

    name: str
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    when: Condition | None = None
    on_error: Literal["stop", "continue"] = "stop"
    deadline: float = STEP_SECONDS

    def references(self) -> Iterator[Reference]:
        """Everything that it refers to."""
        condition = [self.when.value, self.when.other] if self.when else []
        yield from references_in([self.arguments, *condition])


@dataclass(frozen=True)
class Workflow:
    """Stages one after the other, the steps of each side by side. `at` is the URL of the server, if it names one."""

    source: str
    stages: tuple[tuple[Step, ...], ...]
    name: str = ""
    at: str = ""
    bearer_env: str = ""
    deadline: float = SECONDS
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        return [step for stage in self.stages for step in stage]


def read_workflow(file: Path) -> Workflow:
    """The workflow in a file.

    Raises:
        WorkflowError: with everything that is wrong with it.
    """
    try:
        document = read_file(file)
    except InvalidRequest as error:
        where, _, problem = error.message.partition(": ")
        raise WorkflowError([Fault(where, "", problem)]) from None
    return workflow_from(document, str(file))


def workflow_from(document: Any, source: str = "workflow") -> Workflow:
    """The workflow in a document.

    Raises:
        WorkflowError: with everything that is wrong with it.
    """
    reader = _Reader(source)
    workflow = reader.workflow(document)
    if not reader.faults:
        reader.faults += _reference_faults(workflow)
    if reader.faults:
        raise WorkflowError(reader.faults)
    return workflow


class _Reader:
    """Reads a document, and keeps what is wrong with it. What it gives is of use only if that is nothing."""

    def __init__(self, source: str):
        self.source = source
        self.faults: list[Fault] = []
        self._names: set[str] = set()

    def workflow(self, document: Any) -> Workflow:
        whole = self._mapping(document, "", TOP, "steps: a list of steps, each with name, tool and arguments")
        inputs = whole.get("inputs") or {}
        if not isinstance(inputs, dict) or not all(NAME.fullmatch(name) for name in inputs):
            self._fault("inputs", "is no mapping of names to values", "write `inputs: {city: Oslo}`")
            inputs = {}
        return Workflow(
            self.source,
            self._stages(whole.get("steps")),
            self._text(whole, "name", ""),
            self._text(whole, "at", ""),
            self._text(whole, "bearer_env", ""),
            self._seconds(whole, "", SECONDS),
            inputs,
        )

    def _stages(self, given: Any) -> tuple[tuple[Step, ...], ...]:
        if not isinstance(given, list) or not given:
            self._fault("steps", "is no list of steps", "write `steps:` and below it `- name: ...`, `  tool: ...`")
            return ()
        stages = [self._stage(each, f"steps[{number}]") for number, each in enumerate(given)]
        if sum(map(len, stages)) > MOST_STEPS:
            self._fault("steps", f"has more than {MOST_STEPS} steps", "split it into several workflows")
        return tuple(stages)

    def _stage(self, given: Any, key: str) -> tuple[Step, ...]:
        if not isinstance(given, dict) or "parallel" not in given:
            return (self._step(given, key),)
        self._mapping(given, key, ("parallel",), "")
        beside = given["parallel"]
        if not isinstance(beside, list) or not beside:
            self._fault(f"{key}.parallel", "is no list of steps", "write the steps that run side by side below it")
            return ()
        return tuple(self._step(each, f"{key}.parallel[{number}]") for number, each in enumerate(beside))

    def _step(self, given: Any, key: str) -> Step:
        known = self._mapping(given, key, OF_A_STEP, "a step has name, tool and arguments")
        name, tool = self._text(known, "name", key), self._text(known, "tool", key)
        for word, text in (("name", name), ("tool", tool)):
            if not text:
                self._fault(f"{key}.{word}", "is missing", f"give the step a {word}")
        if name and not NAME.fullmatch(name):
            self._fault(f"{key}.name", "is no name", "use letters, digits, `_` and `-`, beginning with a letter")
        if name in self._names:
            self._fault(f"{key}.name", f"'{name}' is the name of another step too", "give each its own")
        self._names.add(name)
        arguments = known.get("arguments") or {}
        if not isinstance(arguments, dict):
            self._fault(f"{key}.arguments", "is no mapping", "write `arguments: {name: value}`")
            arguments = {}
        on_error = known.get("on_error", "stop")
        if on_error not in ("stop", "continue"):
            self._fault(f"{key}.on_error", "is neither stop nor continue")
        condition = self._condition(known["when"], f"{key}.when") if "when" in known else None
        step = Step(name or key, tool, arguments, condition, on_error, self._seconds(known, key, STEP_SECONDS))
        try:
            list(step.references())
        except BadReference as error:
            self._fault(key, str(error))
        return step

    def _condition(self, given: Any, key: str) -> Condition | None:
        if isinstance(given, str) and given.startswith("${"):
            return Condition(given)
        others = [word for word in COMPARED if word in given] if isinstance(given, dict) else []
        if isinstance(given, dict) and len(others) == 1 and set(given) == {"value", others[0]}:
            return Condition(given["value"], others[0], given[others[0]])
        cure = (
            f"write `when: ${{steps.NAME.ok}}`, or `when: {{value: ${{...}}, is: 1}}` with one of {', '.join(COMPARED)}"
        )
        self._fault(key, "is no condition", cure)
        return None

    def _mapping(self, given: Any, key: str, known: tuple[str, ...], cure: str) -> dict[str, Any]:
        if not isinstance(given, dict):
            self._fault(key, "is no mapping", cure)
            return {}
        for name in given:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                cure = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
                self._fault(".".join(filter(None, (key, name[:100]))), "is not known", cure)
        return given

    def _text(self, given: dict[str, Any], word: str, key: str) -> str:
        text = given.get(word, "")
        if isinstance(text, str):
            return text
        self._fault(".".join(filter(None, (key, word))), "is no text", "put it in quotes")
        return ""

    def _seconds(self, given: dict[str, Any], key: str, default: float) -> float:
        seconds = given.get("deadline", default)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= MOST_SECONDS:
            return float(seconds)
        self._fault(".".join(filter(None, (key, "deadline"))), "is no number of seconds, up to a day", "write `30`")
        return default

    def _fault(self, key: str, problem: str, cure: str = "") -> None:
        self.faults.append(Fault(self.source, key, problem, cure))


def _reference_faults(workflow: Workflow) -> list[Fault]:
    """References to what is not there, or not yet."""
    stage_of = {step.name: number for number, stage in enumerate(workflow.stages) for step in stage}
    circle = _circle(workflow)
    faults = (
        [Fault(workflow.source, "steps", f"refer to each other in a circle: {' → '.join(circle)}")] if circle else []
    )
    for step in workflow.steps():
        for reference in step.references():
            if not (reference.root == "steps" and {step.name, reference.name} <= set(circle)):
                faults += _fault_of(workflow, step, reference, stage_of)
    return faults


def _fault_of(workflow: Workflow, step: Step, reference: Reference, stage_of: dict[str, int]) -> Iterator[Fault]:
    known = list(workflow.inputs if reference.root == "inputs" else stage_of)
    where = f"step '{step.name}'"
    name = reference.name
    if name not in known:
        near = get_close_matches(name, known, n=1)
        cure = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known[:20]) or 'none'}"
        kind = "step" if reference.root == "steps" else "input"
        yield Fault(workflow.source, where, f"refers to {kind} '{name}', which is not there", cure)
    elif reference.root == "steps" and stage_of[name] >= stage_of[step.name]:
        when = "runs beside it" if stage_of[name] == stage_of[step.name] else "comes after it"
        cure = "a step can use what steps before it gave; change the order"
        yield Fault(workflow.source, where, f"refers to step '{name}', which {when}", cure)


def _circle(workflow: Workflow) -> list[str]:
    """The names of steps that refer to each other, the first again at the end; or none."""
    steps = workflow.steps()
    graph = {step.name: [each.name for each in step.references() if each.root == "steps"] for step in steps}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
