"""The page says what was measured and what of it was promised."""

import pytest

from bench.load import Measured, Target, tool_call
from bench.parts import Part
from bench.report import BEGIN, END, Section, page, picture, with_words
from bench.rounds import FULL, QUICK, Row, Sample, SaysNothing, refuse_if_slow


def row(name: str, rate: float, *, is_gateway: bool = True) -> Row:
    sample = Sample(Measured(100, rate, 0.001, 0.002, 0.5), 0.00005)
    return Row(Part(name, Target("http://h/mcp"), 1), tool_call("echo"), is_gateway, [sample])


def test_the_page_has_every_figure_and_every_part():
    section = Section([row("alone", 1000), row("Envoy", 100), row("a door", 150)], {"envoy": [1.5]}, "Calls")
    text = page([section, Section([], {"workers": []}, "Workers")], ["a machine"], FULL, 60)
    assert "- a machine\n" in text
    assert "| ≥ 1 x | 1.50 x | met | 50% better |" in text
    assert "| ≤ 1.1 x | - | MISSED | not measured |" in text
    assert "| a door | 150 | 0.150 | 1.00 | 2.00 | 50 | 0 |" in text
    assert "## Workers" not in text


def test_the_picture_has_the_fastest_first_and_no_upstream():
    section = Section([row("alone", 1000), row("Envoy", 100), row("a door", 150)], {}, "Calls")
    text = picture(section, "Envoy")
    assert text.index(">a door<") < text.index(">Envoy<")
    assert "alone" not in text


def test_ratios_are_refused_when_the_upstream_is_not_twice_as_fast():
    alone, nginx = row("alone", 199, is_gateway=False), row("nginx", 190, is_gateway=False)
    with pytest.raises(SaysNothing, match=r"only 2\.0 times as fast as gateway"):
        refuse_if_slow(alone, [alone, nginx, row("gateway", 100)], FULL)
    refuse_if_slow(alone, [alone, nginx, row("gateway", 99)], FULL)
    refuse_if_slow(alone, [alone, nginx, row("gateway", 100)], QUICK)


def test_the_readme_says_what_the_picture_was_made_on():
    readme = f"# gateway\n{BEGIN}\nan older machine\n{END}\nmore\n"
    assert with_words(readme, ["a", "b"]) == f"# gateway\n{BEGIN}\n\n- a\n- b\n\n{END}\nmore\n"
    assert with_words("# gateway\n", ["a"]) == "# gateway\n"
