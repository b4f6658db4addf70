"""Each finished call is one line, without what was asked and what was answered."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from gateway.config.model import LogConfig
from gateway.observe.calls import log_call
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
    log_call(OK._replace(seconds=0.0300001234))
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


@pytest.mark.parametrize(
    ("outcome", "level"),
    [("ok", "info"), ("cancelled", "info"), ("tool_error", "warning"), ("refused", "warning"), ("error", "warning")],
)
def test_what_went_wrong_stands_out(written, outcome, level):
    log_call(OK._replace(outcome=outcome))
    assert json.loads(written.getvalue())["level"] == level


def test_a_line_says_which_worker_it_is_of(written, monkeypatch):
    monkeypatch.setitem(of_process, "worker", 2)
    log_call(OK._replace(name="data_profile"))
    assert json.loads(written.getvalue())["worker"] == 2
