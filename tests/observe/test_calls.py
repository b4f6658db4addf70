"""Each finished call is one line, without what was asked and what was answered."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.config.model import LogConfig
from gateway.observe import calls
from gateway.observe.calls import CallLog
from gateway.observe.logs import formatter, of_process
from tests.observe.events import OK


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What goes to the handler of these lines, on a logger cut off from the rest of the process."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(LogConfig(format="json")))
    logger = logging.getLogger("gateway.calls")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagate


def test_a_call_is_one_line(written):
    CallLog()(replace(OK, seconds=0.0300001234))
    line = json.loads(written.getvalue())
    assert line.pop("timestamp")
    assert line == {
        "level": "info",
        "logger": "gateway.calls",
        "event": "call",
        "request_id": "r",
        "outcome": "ok",
        "error": "",
        "kind": "tool",
        "name": "github_search",
        "namespace": "github",
        "owner": "upstream",
        "subject": "key:abcdefgh",
        "proof": "key",
        "era": "modern",
        "seconds": 0.03,
    }


class Writes(io.StringIO):
    """A stderr that keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


def writes_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a process that writes JSON lines writes to stderr from now on. (pytest's handlers make this one none.)"""
    stream = Writes()
    monkeypatch.setattr(calls, "writes_json", lambda *_: True)
    monkeypatch.setattr("sys.stderr", stream)
    return stream.writes


async def test_the_lines_of_one_turn_of_the_loop_are_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    writes, log_call = writes_of(monkeypatch), CallLog()
    for name in ("github_first", "github_second"):
        log_call(replace(OK, name=name))
    assert writes == []
    await asyncio.sleep(0)
    (written,) = writes
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["name"] for line in lines] == ["github_first", "github_second"]
    log_call(OK)
    await asyncio.sleep(0)
    assert len(writes) == 2


def test_where_no_loop_runs_a_line_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    writes = writes_of(monkeypatch)
    CallLog()(OK)
    assert len(writes) == 1


@pytest.mark.parametrize(
    ("outcome", "level"),
    [("ok", "info"), ("cancelled", "info"), ("tool_error", "warning"), ("refused", "warning"), ("error", "warning")],
)
def test_what_went_wrong_stands_out(written, outcome, level):
    CallLog()(replace(OK, outcome=outcome))
    assert json.loads(written.getvalue())["level"] == level


def test_a_line_says_which_worker_it_is_of(written, monkeypatch):
    monkeypatch.setitem(of_process, "worker", 2)
    CallLog()(replace(OK, name="data_profile"))
    assert json.loads(written.getvalue())["worker"] == 2
