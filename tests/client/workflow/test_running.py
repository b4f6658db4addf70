"""Workflows run against a real server: order, results, conditions, failures, and nothing left running."""

import asyncio
from typing import Any

import pytest

from gateway.client import Server
from gateway.client.workflow import Report, run
from gateway.client.workflow.model import workflow_from
from gateway.errors import WorkflowError
from tests.upstreams.kit import Running


def step(name: str, tool: str, **more: Any) -> dict[str, Any]:
    settings = {key: more.pop(key) for key in ("when", "on_error", "deadline") if key in more}
    return {"name": name, "tool": tool, "arguments": more, **settings}


async def ran(upstream: Running, *steps: dict[str, Any], **top: Any) -> Report:
    async with Server(upstream.url) as server:
        return await run(workflow_from({"steps": list(steps), **top}), server)


def states(report: Report) -> dict[str, str]:
    return {each.name: each.state for each in report.steps}


def calls(upstream: Running) -> list[dict[str, Any]]:
    return [entry["body"]["params"]["arguments"] for entry in upstream.record() if entry["rpc"] == "tools/call"]


@pytest.mark.parametrize("kind", ["raw_modern", "raw_legacy"])
async def test_a_later_step_uses_what_an_earlier_one_gave(kind: str, request: pytest.FixtureRequest):
    upstream: Running = request.getfixturevalue(kind)
    report = await ran(
        upstream,
        step("one", "add", a="${inputs.start}", b=2),
        step("two", "add", a="${steps.one.value.sum}", b=10),
        step("say", "echo", text="it is ${steps.two.value.sum}"),
        inputs={"start": 1},
    )
    assert (report.well, report.reason, report.server) == (True, "", upstream.url)
    assert states(report) == {"one": "ok", "two": "ok", "say": "ok"}
    assert report.steps[2].text == "it is 13"
    assert calls(upstream) == [{"a": 1, "b": 2}, {"a": 3, "b": 10}, {"text": "it is 13"}]


async def test_steps_side_by_side_run_at_the_same_time(raw_modern: Running):
    beside = {"parallel": [step(name, "slow", seconds=0.5) for name in "abcd"]}
    report = await ran(raw_modern, beside, step("last", "echo", text="well: ${steps.a.ok}"))
    assert set(states(report).values()) == {"ok"}
    events = [entry for entry in raw_modern.events() if entry.get("name") == "slow"]
    assert [entry["event"] for entry in events if entry["event"] in ("started", "finished")][:4] == ["started"] * 4


async def test_a_step_whose_condition_does_not_hold_is_skipped(raw_modern: Running):
    conditions: dict[str, Any] = {
        "truth": "${steps.one.ok}",
        "is": {"value": "${steps.one.value.sum}", "is": 3},
        "is_not": {"value": "${steps.one.value.sum}", "is_not": 3},
        "above": {"value": "${steps.one.value.sum}", "above": "${steps.one.value.sum}"},
        "below": {"value": "${steps.one.value.sum}", "below": 4},
        "contains": {"value": "abc", "contains": "b"},
    }
    steps = [step(name, "echo", text="a", when=when) for name, when in conditions.items()]
    report = await ran(raw_modern, step("one", "add", a=1, b=2), *steps)
    assert [name for name, state in states(report).items() if state == "ok"] == [
        *("one", "truth", "is", "below", "contains")
    ]
    assert set(states(report).values()) == {"ok", "skipped"}
    assert report.well


async def test_a_condition_that_cannot_be_decided_is_a_failure(raw_modern: Running):
    report = await ran(raw_modern, step("a", "echo", text="a", when={"value": "text", "above": 1}))
    assert report.reason == "Step 'a' has a condition that cannot be decided: 'above' does not fit"


async def test_a_step_that_fails_stops_what_follows(raw_modern: Running):
    report = await ran(raw_modern, step("bad", "fail", message="no"), step("after", "echo", text="a"))
    assert (report.well, report.cause) == (False, "failed")
    assert report.reason == "Step 'bad' failed: no\n[image]"
    assert states(report) == {"bad": "failed", "after": "not run"}
    assert len(calls(raw_modern)) == 1


async def test_a_step_may_fail_where_that_is_foreseen(raw_modern: Running):
    report = await ran(
        raw_modern,
        step("bad", "fail", message="no", on_error="continue"),
        step("instead", "echo", text="a", when={"value": "${steps.bad.ok}", "is": False}),
    )
    assert report.well
    assert states(report) == {"bad": "failed", "instead": "ok"}


@pytest.mark.parametrize("part", ["value", "value.x", "text"])
async def test_a_reference_to_a_step_that_failed_or_was_skipped_is_told(part: str, raw_modern: Running):
    report = await ran(
        raw_modern,
        step("bad", "fail", message="no", on_error="continue"),
        step("left", "echo", text="a", when="${steps.bad.ok}"),
        step("one", "echo", text=f"${{steps.bad.{part}}}", on_error="continue"),
        step("two", "echo", text=f"${{steps.left.{part}}}"),
        step("three", "echo", text="a"),
    )
    assert states(report) == {"bad": "failed", "left": "skipped", "one": "failed", "two": "failed", "three": "not run"}
    assert report.steps[2].reason == "refers to step 'bad', which failed"
    assert report.reason == "Step 'two' refers to step 'left', which was skipped"
    assert len(calls(raw_modern)) == 1


async def test_a_path_that_the_result_does_not_have_is_told(raw_modern: Running):
    report = await ran(raw_modern, step("a", "echo", text="b"), step("b", "echo", text="${steps.a.value.deep}"))
    assert report.reason == "Step 'b' refers to ${steps.a.value.deep}, and it has no 'deep'; it is no object or list"


async def test_an_argument_that_turns_out_not_to_fit_is_not_sent(raw_modern: Running):
    report = await ran(raw_modern, step("a", "echo", text="CANARY"), step("b", "add", a="${steps.a.text}", b=1))
    assert report.reason == "Step 'b' was not called, for its arguments do not fit: 'a' must be a number"
    assert len(calls(raw_modern)) == 1


async def test_what_cannot_run_is_told_before_anything_is_called(raw_modern: Running):
    with pytest.raises(WorkflowError, match="there is no tool 'ecko'"):
        await ran(raw_modern, step("a", "echo", text="a"), step("b", "ecko"))
    assert calls(raw_modern) == []


async def test_a_step_ends_at_its_deadline_and_is_cancelled(raw_modern: Running):
    report = await ran(raw_modern, step("a", "slow", seconds=30, deadline=0.3))
    assert (report.cause, states(report)) == ("down", {"a": "failed"})
    assert "did not answer the call of slow within 0.3 s" in report.reason
    await raw_modern.wait_for("cancelled", "slow")


async def test_the_whole_ends_at_its_deadline_and_leaves_nothing_running(raw_modern: Running):
    beside = {"parallel": [step("a", "slow", seconds=30), step("b", "slow", seconds=30)]}
    async with asyncio.timeout(20):
        first, last = (step(name, "echo", text="a") for name in ("first", "last"))
        report = await ran(raw_modern, first, beside, last, deadline=2)
    assert (report.well, report.reason) == (False, "The workflow's deadline of 2 s passed.")
    assert states(report) == {"first": "ok", "a": "cut off", "b": "cut off", "last": "not run"}
    await raw_modern.wait_for("cancelled", "slow", count=2)


async def test_beside_a_step_that_stops_the_others_end_by_themselves_and_none_begins(
    raw_modern: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.client.workflow.running.MOST_TOGETHER", 2)
    beside = {
        "parallel": [step("slow", "slow", seconds=0.5), step("bad", "fail", message="no"), step("c", "echo", text="a")]
    }
    report = await ran(raw_modern, beside)
    assert states(report) == {"slow": "ok", "bad": "failed", "c": "not run"}


async def test_a_server_that_goes_away_ends_the_workflow(raw_modern: Running):
    raw_modern.control(fault="server_error", on="tools/call")
    report = await ran(raw_modern, step("a", "echo", text="a"), step("b", "echo", text="a"))
    assert (report.cause, states(report)) == ("down", {"a": "failed", "b": "not run"})
    raw_modern.control(fault="unauthorized", on="tools/call")
    assert (await ran(raw_modern, step("a", "echo", text="a"))).cause == "refused"


async def test_a_result_is_kept_up_to_a_bound_and_shown_up_to_another(
    raw_modern: Running, monkeypatch: pytest.MonkeyPatch
):
    text = "x" * 100_000
    report = await ran(raw_modern, step("a", "echo", text=text), step("b", "echo", text="${steps.a.text}"))
    assert [each.value for each in report.steps] == [None, None]
    assert report.steps[0].reason == "its value is too large to be shown here"
    assert calls(raw_modern)[1] == {"text": text}
    monkeypatch.setattr("gateway.client.workflow.running.MOST_RESULT_BYTES", 50_000)
    assert "which is not kept" in (await ran(raw_modern, step("a", "echo", text=text))).reason
