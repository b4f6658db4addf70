"""A figure is met or missed by its median, and says by how much."""

import pytest

from bench.__main__ import SCENARIOS
from bench.figures import FIGURES, Figure, Outcome, at_most

FAST = Figure("fast", "as fast", 1.0)
SMALL = at_most("small", "small", 2.0, "MB")


@pytest.mark.parametrize(
    ("figure", "values", "verdict", "margin"),
    [
        (FAST, [0.5, 1.2, 1.5], "met", "20% better"),
        (FAST, [0.9, 0.75, 9.0], "MISSED", "10% worse"),
        (SMALL, [1.0], "met", "50% better"),
        (SMALL, [3.0], "MISSED", "50% worse"),
        (FAST, [], "MISSED", "not measured"),
    ],
)
def test_the_median_decides(figure: Figure, values: list[float], verdict: str, margin: str):
    outcome = Outcome(figure, values)
    assert (outcome.verdict, outcome.margin) == (verdict, margin)


def test_the_spread_is_told():
    assert Outcome(FAST, [0.5, 1.2, 1.5]).measured == "1.20 x (0.50 to 1.50)"


def test_the_compiled_build_is_judged_and_the_other_is_told():
    outcome = Outcome(FAST, [1.2], [0.8])
    assert (outcome.verdict, outcome.measured) == ("met", "1.20 x, uncompiled 0.80")


def test_every_figure_belongs_to_one_scenario():
    assert sorted(key for scenario in SCENARIOS for key in scenario.figures) == sorted(FIGURES)
