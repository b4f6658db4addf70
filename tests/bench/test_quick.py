"""The bench runs, every part of it answering rightly. Times are not looked at: this machine may be busy."""

import pytest

from bench import compiled
from bench.__main__ import SCENARIOS, Scenario, run
from bench.report import Section
from bench.rounds import QUICK, Effort, SaysNothing
from bench.scenarios.calls import BARE, COMPILED, OURS

MODERN = next(each for each in SCENARIOS if each.name == "modern")
DATA = next(each for each in SCENARIOS if each.name == "data")
DATABASE = next(each for each in SCENARIOS if each.name == "database")
EXTERNAL = next(each for each in SCENARIOS if each.name == "external")


@pytest.mark.timeout(300)
def test_all_parts_answer(capsys: pytest.CaptureFixture[str]):
    section = run(MODERN, QUICK)
    names = [row.name for row in section.rows]
    assert names[:3] == ["upstream alone", "nginx passing through", "Envoy's MCP router"], capsys.readouterr().out
    assert names[3:6] == ["main door, everything on", BARE, OURS]
    assert names[6:] == [*((BARE + COMPILED, OURS + COMPILED) if compiled.is_there() else ()), "plain FastMCP"]
    assert all(row.median("rate") > 0 for row in section.rows)
    assert {outcome.figure.key for outcome in section.outcomes} == set(MODERN.figures)
    assert all(outcome.values for outcome in section.outcomes)


def test_what_could_not_be_measured_is_missed():
    def useless(_: Effort) -> Section:
        """Says nothing."""
        raise SaysNothing("the machine is busy")

    (outcome,) = run(Scenario("useless", useless, ("envoy",)), QUICK).outcomes
    assert (outcome.verdict, outcome.margin) == ("MISSED", "not measured")


def test_the_data_service_is_measured():
    (profiled, queried, memory) = run(DATA, QUICK).outcomes
    assert profiled.median > 0
    assert queried.median > 0
    assert 10 < memory.median <= 512


def test_the_cache_of_the_external_service_is_measured():
    (cached,) = run(EXTERNAL, QUICK).outcomes
    assert cached.median > 1


def test_a_page_of_the_database_service_is_measured(capsys: pytest.CaptureFixture[str]):
    section = run(DATABASE, QUICK)
    assert [row.name for row in section.rows] == ["gateway", "plain FastMCP and SQLAlchemy"], capsys.readouterr().out
    assert all(outcome.median > 0 for outcome in section.outcomes)
