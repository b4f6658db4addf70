"""Reading an audit back: what is wrong with it, and which calls are in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.observe.audit import Audit
from gateway.observe.audit_file import AuditFile, files_of
from gateway.observe.audit_read import Wanted, search, verify
from tests.observe.events import OK
from tests.observe.test_audit import CALL

CALLS = (
    OK,
    replace(OK, at=OK.at + 10, subject="key:other", outcome="refused", error="forbidden"),
    replace(OK, at=OK.at + 20, namespace="data", name="data_query", outcome="tool_error"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An audit of three calls, and of a fourth that began."""
    audit = Audit(AuditFile(tmp_path, 1_000_000, 0), required=True)
    for event in CALLS:
        audit(event)
    audit.begin(CALL, OK.at + 30)
    audit.close()
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "outcomes"),
    [
        (Wanted(), ["ok", "refused", "tool_error", "unknown"]),
        (Wanted(principal="key:abcdefgh"), ["ok", "tool_error", "unknown"]),
        (Wanted(tool="github_*"), ["ok", "refused", "unknown"]),
        (Wanted(tool="github"), []),
        (Wanted(namespace="data"), ["tool_error"]),
        (Wanted(outcome="refused"), ["refused"]),
        (Wanted(since="2027-01-15T08:00:10.000000Z"), ["refused", "tool_error", "unknown"]),
        (Wanted(until="2027-01-15T08:00:10.000000Z"), ["ok"]),
    ],
)
def test_calls_are_found(folder: Path, wanted: Wanted, outcomes: list[str]):
    assert [call["outcome"] for call in search(folder, wanted)] == outcomes


def test_a_call_that_began_and_ended_is_one(tmp_path: Path):
    audit = Audit(AuditFile(tmp_path, 1_000_000, 0), required=True)
    audit.begin(CALL, OK.at)
    audit(OK)
    audit.close()
    assert [(call["outcome"], call["seconds"]) for call in search(tmp_path, Wanted())] == [("ok", 0.03)]


def test_calls_of_several_processes_come_in_the_order_of_time(tmp_path: Path):
    audits = [Audit(AuditFile(tmp_path, 1_000_000, 0), required=False) for _ in range(2)]
    for number, event in enumerate(CALLS):
        audits[number % 2](event)
    for audit in audits:
        audit.close()
    assert [call["outcome"] for call in search(tmp_path, Wanted())] == ["ok", "refused", "tool_error"]


def test_an_audit_as_it_was_written_is_whole(folder: Path):
    (trail,), _ = verify(folder)
    assert (trail.slot, trail.lines, trail.lost, trail.faults, trail.notes) == (1, 6, 0, [], [])
    assert trail.end.number == 6


def test_each_place_that_was_touched_is_named(folder: Path):
    (path,) = files_of(folder, 1)
    lines = path.read_text().splitlines(keepends=True)
    lines[1] = lines[1].replace("key:abcdefgh", "key:somebody")
    del lines[3]
    path.write_text("".join(lines))
    (trail,), _ = verify(folder)
    assert trail.faults == [
        "1-000000000001.jsonl, line 2: it was changed, or the end of the line before it",
        "1-000000000001.jsonl, line 4: line 4 is missing before it",
    ]
    assert len(search(folder, Wanted())) == 3


def test_a_hash_that_was_noted_shows_that_nothing_was_cut_off(folder: Path):
    (trail,), _ = verify(folder)
    noted = trail.end.hash
    assert verify(folder, noted)[1]
    (path,) = files_of(folder, 1)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    trails, held = verify(folder, noted)
    assert (trails[0].faults, held) == ([], False)


def test_lines_that_were_lost_are_told(tmp_path: Path):
    file = AuditFile(tmp_path, 1_000_000, 0)
    file.append('"record": "lost", "at": "2027-01-15T08:00:00.000000Z", "lines": 7', OK.at)
    (trail,), _ = verify(tmp_path)
    assert trail.lost == 7
    assert trail.notes == ["1-000000000001.jsonl, line 2: 7 calls before it could not be written"]
    file.close(OK.at)


def test_where_nothing_is_there_is_nothing_to_find(tmp_path: Path):
    assert verify(tmp_path) == ([], False)
    assert search(tmp_path, Wanted()) == []
