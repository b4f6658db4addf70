"""The guard: who may, how it ended, and that everyone who should hears of it exactly once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsFloat, IsNow

from gateway.errors import AuditUnavailable, Forbidden, Stopping, UpstreamAnswered, UpstreamDown
from gateway.guard import Guard
from gateway.model.call import Call
from gateway.model.event import CallEvent
from gateway.model.principal import LOOPBACK, Principal
from gateway.model.route import Route
from gateway.observe.audit import Audit
from gateway.observe.audit_file import AuditFile, files_of

ROUTE = Route("tool", "upstream", "raw", "raw_echo", "echo", {"name": "raw_echo"})
READER = Principal("key:reader", frozenset({"raw:read"}), "key")


class Watched:
    """A guard and the events that it told of."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.guard = Guard([self.events.append])

    async def call(
        self,
        run: Callable[[], Awaitable[Any]],
        principal: Principal = LOOPBACK,
        is_error: Callable[[Any], bool] = lambda _: False,
    ) -> Any:
        return await self.guard.call(Call("request-1", ROUTE, principal, "modern"), run, is_error)

    @property
    def ending(self) -> tuple[str, str]:
        """Outcome and error of the one call."""
        (event,) = self.events
        return event.outcome, event.error


@pytest.fixture
def watched() -> Watched:
    return Watched()


def audit_in(folder: Path, *, required: bool = True) -> Audit:
    return Audit(AuditFile(folder, 1024 * 1024, 0), required=required)


def audited(folder: Path) -> list[str]:
    """What the audit there says, a line each: what is recorded, of which call, how that ended, and by which error."""
    lines = [json.loads(line) for file in files_of(folder, 1) for line in file.read_text().splitlines()]
    return [" ".join(filter(None, map(line.get, ("record", "request_id", "outcome", "error")))) for line in lines]


async def answer() -> str:
    return "hello"


def failing(error: BaseException) -> Callable[[], Awaitable[Any]]:
    async def run() -> Any:
        raise error

    return run


async def test_a_call_that_went_well_is_recorded_whole(watched: Watched) -> None:
    assert await watched.call(answer) == "hello"
    (event,) = watched.events
    assert event.at == IsNow(unix_number=True, delta=5)
    assert event.seconds == IsFloat(ge=0, lt=5)
    assert event == CallEvent(
        request_id="request-1",
        at=event.at,
        seconds=event.seconds,
        kind="tool",
        owner="upstream",
        namespace="raw",
        name="raw_echo",
        subject="loopback",
        proof="loopback",
        era="modern",
        outcome="ok",
        error="",
    )


async def test_a_result_that_reports_a_failure_is_the_tools_error(watched: Watched) -> None:
    assert await watched.call(answer, is_error=lambda result: result == "hello") == "hello"
    assert watched.ending == ("tool_error", "")


async def test_a_principal_without_the_scope_is_refused_and_nothing_runs(watched: Watched) -> None:
    ran: list[None] = []

    async def run() -> None:
        ran.append(None)

    with pytest.raises(Forbidden, match="'raw_echo' needs one of the scopes raw_echo, raw:write") as refusal:
        await watched.call(run, READER)
    assert refusal.value.data["required_scopes"] == ["raw_echo", "raw:write", "raw:*", "*:write", "*"]
    assert not ran
    assert watched.ending == ("refused", "forbidden")


async def test_a_refusal_that_a_door_asks_for_is_recorded_and_an_admission_is_not(watched: Watched) -> None:
    assert watched.guard.refusal(Call("request-1", ROUTE, LOOPBACK, "modern")) is None
    assert watched.events == []
    refusal = watched.guard.refusal(Call("request-1", ROUTE, READER, "modern"))
    assert refusal is not None
    assert refusal.data["required_scopes"][1] == "raw:write"
    assert watched.ending == ("refused", "forbidden")
    assert watched.guard.finished == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamDown("raw", "cannot be reached."), "upstream_down"),
        (UpstreamAnswered(1234, "too bad"), "upstream_error"),
    ],
)
async def test_a_failure_with_a_name_is_an_error_of_that_kind(watched: Watched, error: Exception, kind: str) -> None:
    with pytest.raises(type(error)):
        await watched.call(failing(error))
    assert watched.ending == ("error", kind)


async def test_a_services_own_failure_reaches_its_caller_as_it_is(watched: Watched) -> None:
    error = ZeroDivisionError("inside")
    with pytest.raises(ZeroDivisionError) as caught:
        await watched.call(failing(error))
    assert caught.value is error
    assert watched.ending == ("tool_error", "")


async def test_a_call_that_its_caller_gave_up_is_cancelled(watched: Watched) -> None:
    started = asyncio.Event()

    async def run() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(watched.call(run))
    await started.wait()
    assert (watched.guard.running, watched.guard.finished) == (1, 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert watched.ending == ("cancelled", "")
    assert (watched.guard.running, watched.guard.finished) == (0, 1)


async def test_what_ends_the_whole_program_is_not_recorded_as_a_success(watched: Watched) -> None:
    with pytest.raises(GeneratorExit):
        await watched.call(failing(GeneratorExit()))
    assert watched.ending == ("error", "")


async def test_a_failing_sink_harms_neither_the_call_nor_the_other_sinks(caplog: pytest.LogCaptureFixture) -> None:
    events: list[CallEvent] = []

    def broken(event: CallEvent) -> None:
        raise OSError("disk full")

    guard = Guard([broken, events.append])
    result = await guard.call(Call("request-1", ROUTE, LOOPBACK, "modern"), answer, lambda _: False)
    assert result == "hello"
    assert [event.outcome for event in events] == ["ok"]
    assert "a sink failed" in caplog.text


async def test_the_guard_counts_what_runs_and_what_ended(watched: Watched) -> None:
    assert repr(watched.guard) == "<Guard running=0 finished=0>"
    await asyncio.gather(*(watched.call(answer) for _ in range(5)))
    with pytest.raises(Forbidden):
        await watched.call(answer, READER)
    assert repr(watched.guard) == "<Guard running=0 finished=6>"


def test_a_list_shows_what_may_be_called() -> None:
    guard = Guard()
    assert guard.may_see(LOOPBACK, ROUTE)
    assert not guard.may_see(READER, ROUTE)


async def test_who_waits_for_the_calls_of_now_is_told_when_they_have_ended(watched: Watched) -> None:
    let_go = asyncio.Event()
    call = asyncio.create_task(watched.call(let_go.wait))
    await asyncio.sleep(0)
    assert watched.guard.running == 1
    waiting = asyncio.create_task(watched.guard.ended("raw"))
    await watched.guard.ended("other")
    assert not waiting.done()
    let_go.set()
    await asyncio.gather(call, waiting)
    assert watched.guard.running == 0


async def test_calls_that_run_when_it_is_stopped_end_with_an_error_each(watched: Watched) -> None:
    calls = [asyncio.create_task(watched.call(asyncio.Event().wait)) for _ in range(3)]
    await asyncio.sleep(0)
    watched.guard.stop()
    for call in calls:
        with pytest.raises(Stopping, match="not known whether the call ran"):
            await call
    assert [(event.outcome, event.error) for event in watched.events] == [("error", "stopping")] * 3


async def test_a_tools_own_timeout_is_no_stop(watched: Watched) -> None:
    with pytest.raises(TimeoutError):
        await watched.call(failing(TimeoutError()))
    assert watched.ending == ("tool_error", "")


async def test_a_required_audit_hears_of_each_call_before_anything_else(tmp_path: Path) -> None:
    guard = Guard([], audit_in(tmp_path))
    before: list[str] = []

    async def run() -> None:
        before.extend(audited(tmp_path))

    await guard.call(Call("r", ROUTE, LOOPBACK, "modern"), run, lambda _: False)
    with pytest.raises(Forbidden):
        await guard.call(Call("s", ROUTE, READER, "modern"), run, lambda _: False)
    guard.close()
    assert before == ["opened", "begun r"]
    assert audited(tmp_path) == [*before, "call r ok", "begun s", "call s refused forbidden", "closed"]


async def test_a_call_that_the_audit_cannot_take_does_not_run(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    watched.guard = Guard([watched.events.append], audit_in(tmp_path / "file"))
    ran: list[None] = []

    async def run() -> None:
        ran.append(None)

    with pytest.raises(AuditUnavailable):
        await watched.call(run)
    assert not ran
    assert watched.ending == ("refused", "audit_unavailable")
    assert watched.guard.running == 0


async def test_an_audit_that_is_not_required_hears_of_the_end_only(tmp_path: Path) -> None:
    guard = Guard([], audit_in(tmp_path, required=False))
    await guard.call(Call("r", ROUTE, LOOPBACK, "modern"), answer, lambda _: False)
    assert audited(tmp_path) == ["opened", "call r ok"]
