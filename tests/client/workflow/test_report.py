"""What came of a workflow, as data."""

from dataclasses import FrozenInstanceError, asdict

import pytest

from gateway.client.workflow.report import Report, StepReport


def test_a_step_that_did_not_run_says_so_and_cannot_be_changed():
    step = StepReport("a", "echo")
    assert (step.state, step.value) == ("not run", None)
    with pytest.raises(FrozenInstanceError):
        step.state = "ok"  # ty: ignore[invalid-assignment]  # the point of the test


def test_a_report_is_plain_data():
    report = Report("all", "http://a/mcp", True, "", "", 1.5, (StepReport("a", "echo", "ok"),))
    assert asdict(report)["steps"][0]["state"] == "ok"
