"""All that a process says goes through one handler: as JSON, with its request id, in bounded lines, without secrets."""

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from dirty_equals import IsPartialDict, IsStr

from gateway.config.masks import MASK
from gateway.observe.logs import LONGEST_LINE, StderrHandler
from tests.observe.noisy import SECRETS, WAYS

ROOT = Path(__file__).parents[2]


def run(form: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.observe.noisy", form]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.fixture(scope="module")
def as_json() -> subprocess.CompletedProcess[str]:
    return run("json")


@pytest.fixture(scope="module")
def as_text() -> subprocess.CompletedProcess[str]:
    return run("console")


@pytest.fixture(scope="module")
def lines(as_json) -> list[dict]:
    return [json.loads(line) for line in as_json.stderr.splitlines()]


def one(lines: list[dict], **fields) -> dict:
    (found,) = [line for line in lines if line == IsPartialDict(fields)]
    return found


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_secret_is_written(as_json, as_text, secret):
    assert secret not in as_json.stderr
    assert secret not in as_text.stderr


def test_each_way_of_saying_something_left_a_line(lines):
    assert len(lines) >= len(WAYS)


def test_all_goes_to_stderr(as_json, as_text):
    assert as_json.stdout == as_text.stdout == ""


def test_a_line_says_when_how_bad_and_who(lines):
    line = one(lines, event="field")
    time = IsStr(regex=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert line == {
        "timestamp": time,
        "level": "info",
        "logger": "gateway.test",
        "event": "field",
        "authorization": MASK,
    }


def test_an_access_line_has_the_request_id_and_no_query(lines):
    bound = [line["bound"] for line in lines if line["event"] == "serving"]
    found = [line for line in lines if line["logger"] == "uvicorn.access"]
    assert [line["request_id"] for line in found] == bound
    assert len(found) == 3
    for line in found:
        assert line == IsPartialDict(event="request", method="GET", path="/mcp", status=204, http="1.1")


def test_lines_outside_a_request_have_no_request_id(lines):
    assert "request_id" not in one(lines, event="nested")


def test_an_exception_is_one_line_with_its_whole_chain(lines):
    line = one(lines, logger="some.library", level="error", event="failed with ****")
    assert "KeyError: '****'" in line["exception"]
    assert "RuntimeError: https://****@db/" in line["exception"]


def test_warnings_and_what_nobody_caught_are_logged_too(lines):
    assert "UserWarning: do not use ****" in one(lines, logger="py.warnings")["event"]
    caught = [line["exception"].splitlines()[-1] for line in lines if line["event"] == "Uncaught exception"]
    assert caught == ["ValueError: ****", "SystemError: ****"]


def test_fastmcp_logs_once_though_it_set_up_its_own_handlers(lines):
    assert one(lines, logger="fastmcp.test")["event"] == "rejected Bearer ****"


def test_http_clients_do_not_log_each_request(lines):
    assert not [line for line in lines if line["logger"].startswith("http")]


def test_a_line_that_cannot_be_made_is_mentioned_without_its_arguments(lines):
    assert one(lines, event="A log line could not be written: TypeError")["logger"] == "some.library"


def test_a_long_line_is_cut_and_still_json(as_json, lines):
    assert max(map(len, as_json.stderr.splitlines())) <= LONGEST_LINE
    line = next(line for line in lines if line["event"].startswith("start "))
    assert line["cut_from"] > LONGEST_LINE


def test_text_for_a_terminal_cannot_move_its_cursor(as_text):
    assert "\x1b" not in as_text.stderr
    assert "red \\x1b[31m and\\x0anew line \\x9b" in as_text.stderr
    assert as_text.stderr.count("\\x1b[2J") == 2


def test_less_than_the_level_is_not_shown(lines):
    assert not [line for line in lines if line["event"] == "not shown at INFO"]


@pytest.mark.parametrize("stderr", [None, closed()], ids=["none", "closed"])
def test_without_anybody_to_read_it_a_line_harms_nobody(monkeypatch, capsys, stderr):
    record = logging.LogRecord("a", logging.INFO, "", 0, "lost", (), None)
    monkeypatch.setattr(sys, "stderr", stderr)
    StderrHandler().emit(record)
    assert capsys.readouterr().out == ""
