"""What came of a workflow and of each of its steps."""

from dataclasses import dataclass
from typing import Any, Literal

StepState = Literal["ok", "failed", "skipped", "not run", "cut off"]


@dataclass(frozen=True)
class StepReport:
    """One step. `cause` of a failure is `failed`, `down` or `refused`, as `Health.state` has it.

    `cut off`: the workflow's deadline passed while it ran, and it is not known what became of the call.
    `value` is left out (None) where it is large; `text` is cut.
    """

    name: str
    tool: str
    state: StepState = "not run"
    reason: str = ""
    cause: str = ""
    seconds: float = 0.0
    value: Any = None
    text: str = ""


@dataclass(frozen=True)
class Report:
    """The whole run. It is well if no step failed but such as were told to `continue`, and it ended in time."""

    name: str
    server: str
    well: bool
    reason: str
    cause: str
    seconds: float
    steps: tuple[StepReport, ...]
