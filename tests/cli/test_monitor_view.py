"""Lines and tables of looks at a server."""

import io

import pytest
from rich.console import Console

from gateway.cli.monitor_view import MOST_LOOKS, line, live, sparkline, table
from gateway.client import Health

COUNTS = {"tools": 1, "resources": 2, "templates": 0, "prompts": 0}
WELL = Health("2026-11-25T12:00:00.000+00:00", "http://a/mcp", connect_ms=12.4, list_ms=3, counts=COUNTS, about="raw 1")
DOWN = Health("2026-11-25T12:00:01.000+00:00", "http://a/mcp", state="down", reason="It is\ndown [red].")


def test_a_line_says_what_was_found():
    offers = "1 tool, 2 resources, 0 templates, 0 prompts"
    assert line(WELL) == f"2026-11-25T12:00:00.000+00:00  well  connect 12 ms  list 3 ms  {offers}"
    assert line(DOWN) == "2026-11-25T12:00:01.000+00:00  down  It is down [red]."


def test_a_sparkline_has_a_bar_for_each_value():
    assert sparkline([0, 1, 2, None, 7]) == "▁▂▃·█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([None]) == "·"
    assert sparkline([]) == ""


def test_a_table_has_times_states_and_the_reason():
    file = io.StringIO()
    Console(width=120, file=file).print(table([WELL, DOWN]))
    text = file.getvalue()
    assert "http://a/mcp" in text
    assert "1/2 well" in text
    assert "■■" in text
    assert "█·" in text
    assert "It is down [red]." in text
    assert "call" not in text


def test_only_the_last_looks_are_kept(capsys: pytest.CaptureFixture[str]):
    with live() as show:
        for _ in range(MOST_LOOKS + 5):
            show(WELL)
    assert f"{MOST_LOOKS}/{MOST_LOOKS} well" in capsys.readouterr().out
