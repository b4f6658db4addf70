"""The bench runs, every part of it answering rightly. Times are not looked at: this machine may be busy."""

import pytest

from bench.__main__ import SCENARIOS, Scenario, run
from bench.report import Section
from bench.rounds import QUICK, Effort, SaysNothing

MODERN = next(each for each in SCENARIOS if each.name == "modern")
DATA = next(each for each in SCENARIOS if each.name == "data")
EXTERNAL = next(each for each in SCENARIOS if each.name == "external")


@pytest.mark.timeout(300)
def test_all_parts_answer(capsys: pytest.CaptureFixture[str]):
    section = run(MODERN, QUICK)
    names = [row.name for row in section.rows]
    assert names[:3] == ["upstream alone", "nginx passing through", "Envoy's MCP router"], capsys.readouterr().out
    assert len(names) == 7
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
