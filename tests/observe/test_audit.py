"""The audit sink: one line a call, and what happens where there can be none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import AuditUnavailable
from gateway.model.call import Call
from gateway.model.principal import Principal
from gateway.model.route import Route
from gateway.observe.audit import Audit
from gateway.observe.audit_file import AuditFile, files_of
from gateway.observe.redact import redact
from tests.observe.events import OK
from tests.observe.test_audit_file import largest_file

CALL = Call(
    "r", Route("tool", "upstream", "github", "github_search", "search", {}),
    Principal("key:abcdefgh", frozenset(), "key"), "modern",
)  # fmt: skip


def audit_in(folder: Path, required: bool = False) -> Audit:
    return Audit(AuditFile(folder, 1_000_000, 0), required)


def lines(folder: Path) -> list[dict[str, Any]]:
    """What each line says, but for its number and hash, and without the first."""
    found = [json.loads(line) for path in files_of(folder, 1) for line in path.read_text().splitlines()]
    return [{key: each[key] for key in each if key not in ("n", "hash")} for each in found[1:]]


ABOUT = {
    "at": "2027-01-15T08:00:00.000000Z",
    "request_id": "r",
    "kind": "tool",
    "owner": "upstream",
    "namespace": "github",
    "name": "github_search",
    "subject": "key:abcdefgh",
    "proof": "key",
    "era": "modern",
}


def test_a_call_is_one_line_with_all_that_is_known(tmp_path: Path):
    audit = audit_in(tmp_path)
    audit(OK)
    assert lines(tmp_path) == [{"record": "call", **ABOUT, "seconds": 0.03, "outcome": "ok", "error": ""}]
    assert audit.state() == {"required": False, "lines": 1, "lost": 0, "why": ""}
    audit.close()


def test_where_it_is_required_a_line_comes_before_the_call(tmp_path: Path):
    audit = audit_in(tmp_path, required=True)
    audit.begin(CALL, OK.at)
    assert lines(tmp_path) == [{"record": "begun", **ABOUT}]
    audit.close()


def test_no_secret_of_the_configuration_is_written(tmp_path: Path):
    redact(["CANARY-in-a-name"])
    audit = audit_in(tmp_path)
    audit(replace(OK, name="github_CANARY-in-a-name"))
    assert "CANARY" not in json.dumps(lines(tmp_path))
    audit.close()


def test_a_line_that_cannot_be_written_is_counted_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    audit = audit_in(tmp_path)
    audit(OK)
    with largest_file(400):
        for _ in range(5):
            audit(OK)
    assert audit.state() == {"required": False, "lines": 1, "lost": 5, "why": "File too large"}
    audit(OK)
    assert [line["record"] for line in lines(tmp_path)] == ["call", "lost", "call"]
    assert lines(tmp_path)[1]["lines"] == 5
    assert audit.state() == {"required": False, "lines": 2, "lost": 5, "why": ""}
    assert caplog.text.count("the audit cannot be written: lines are lost") == 1
    assert caplog.text.count("the audit is written again") == 1
    audit.close()


def test_a_call_that_cannot_be_written_does_not_begin(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    audit = audit_in(tmp_path / "audit", required=True)
    (tmp_path / "audit").write_text("a file where the folder should be")
    for _ in range(3):
        with pytest.raises(AuditUnavailable, match=r"^Nothing was run.*File exists.*Try again later") as refusal:
            audit.begin(CALL, OK.at)
        audit(replace(OK, outcome="refused", error=refusal.value.kind))
    assert audit.state() == {"required": True, "lines": 0, "lost": 0, "why": "File exists"}
    assert caplog.text.count("the audit cannot be written: calls are refused") == 1
    (tmp_path / "audit").unlink()
    audit.begin(CALL, OK.at)
    assert [line["record"] for line in lines(tmp_path / "audit")] == ["begun"]
    audit.close()
