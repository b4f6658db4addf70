"""Reading the suite's results, and comparing two runs."""

import json
from pathlib import Path

import pytest

from tests.conformance.checks import Check, Tally, checks, compare, of, read, scenario_of, tally


def made(status: str = "SUCCESS", id: str = "one", scenario: str = "ping", nth: int = 0, why: str = "") -> Check:
    return Check(scenario, id, id.title(), nth, status, why)


@pytest.mark.parametrize(
    ("folder", "scenario"),
    [
        ("server-ping-2026-07-28T10-11-12-123Z", "ping"),
        ("server-server-initialize-2026-07-28T10-11-12-123Z", "server-initialize"),
        ("json-schema-2020-12-2026-07-28T10-11-12-123Z", "json-schema-2020-12"),
        ("auth/basic-cimd-2026-07-28T10-11-12-123Z", "auth/basic-cimd"),
    ],
)
def test_the_scenario_is_read_from_its_folder(folder: str, scenario: str):
    assert scenario_of(folder) == scenario


def test_a_folder_named_otherwise_is_an_error():
    with pytest.raises(ValueError, match="Has the suite changed how it names them"):
        scenario_of("ping")


def test_results_are_read_from_every_folder(tmp_path: Path):
    for scenario in ("ping", "auth/basic-cimd"):
        folder = tmp_path / f"{scenario}-2026-07-28T10-11-12-123Z"
        folder.mkdir(parents=True)
        raw = {"id": "one", "name": "One", "status": "FAILURE", "errorMessage": "no answer"}
        (folder / "checks.json").write_text(json.dumps([raw]))
    assert set(read(tmp_path)) == {
        made("FAILURE", scenario="ping", why="no answer"),
        made("FAILURE", scenario="auth/basic-cimd", why="no answer"),
    }


def test_checks_of_one_id_and_name_are_told_apart_by_their_order():
    raw = [{"id": "one", "name": "One", "status": status} for status in ("SUCCESS", "FAILURE")]
    assert tuple(checks("ping", raw)) == (made("SUCCESS", nth=0), made("FAILURE", nth=1))


def test_what_was_skipped_or_remarked_was_not_run():
    found = [made(status) for status in ("SUCCESS", "FAILURE", "WARNING", "SKIPPED", "INFO")]
    assert tally(found) == Tally(scenarios=1, run=3, passed=1)


def test_only_the_wanted_scenarios_count_without_what_is_left_out():
    found = [made(scenario="ping"), made(scenario="tasks"), made(id="two", scenario="ping")]
    assert of({"ping"}, found, {"ping:two", "tasks"}) == (made(scenario="ping"),)


def test_equal_runs_have_no_fault():
    found = [made(), made("FAILURE", id="two")]
    assert compare(found, found, at_least=1).faults == ()


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "SKIPPED", "INFO"])
def test_a_check_that_passes_alone_is_lost_whatever_else_becomes_of_it(status: str):
    [lost] = compare([made()], [made(status, why="not found")]).lost
    assert (lost.check.id, lost.behind, lost.why) == ("one", status.lower(), "not found")


def test_a_check_that_is_not_made_is_lost_for_what_its_scenario_failed_for():
    behind = [
        made("FAILURE", id="general", why="nobody was asked"),
        made("FAILURE", id="other", scenario="tasks", why="no"),
    ]
    [lost] = compare([made()], behind).lost
    assert (lost.behind, lost.why) == ("missing", "nobody was asked")


def test_a_check_that_fails_alone_cannot_be_lost():
    assert compare([made("FAILURE")], [made("SKIPPED")]).lost == ()


def test_a_check_that_passes_only_behind_the_gateway_is_none_the_worse():
    assert compare([made("FAILURE")], [made("SUCCESS")]).faults == ()


def test_other_checks_behind_the_gateway_are_a_fault_even_if_none_is_lost():
    comparison = compare([made()], [made(), made("FAILURE", id="general")])
    assert comparison.lost == ()
    assert comparison.faults == ("1 checks were run alone and 2 behind the gateway",)


def test_fewer_that_pass_alone_are_a_fault_even_if_both_runs_agree():
    dead = [made(), made("FAILURE", id="two")]
    assert compare(dead, dead, at_least=2).faults == ("only 1 checks pass alone; 2 did when this was written",)
