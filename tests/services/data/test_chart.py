"""Specifications and pictures."""

import socket
from typing import Any

import pytest

from services.data.chart import picture, specification
from services.data.chart_choice import Choice, Table
from services.workers.job import Refused

BARS = Table({"region": "text", "revenue": "number"}, [["north", 3], ["south", 5]])
MONTHS = Table(
    {"month": "time", "revenue": "number"},
    [["2025-01-01", 3], ["2025-02-01", "nan"], ["2025-03-01", "12345678901234567"]],
)


def encoding(table: Table, choice: Choice) -> dict[str, Any]:
    return specification(table, choice, "")["encoding"]


def test_bars_start_at_zero_and_come_by_size() -> None:
    found = encoding(BARS, Choice("bar", "region", "revenue"))
    assert found["x"]["sort"] == "-y"
    assert found["y"] == {"field": "y", "title": "revenue", "type": "quantitative"}


def test_long_labels_lay_the_bars_down() -> None:
    table = Table({"name": "text", "n": "number"}, [["a rather long name", 1], ["b", 2]])
    found = encoding(table, Choice("bar", "name", "n"))
    assert (found["y"]["title"], found["x"]["title"]) == ("name", "n")


def test_months_are_named_as_months_in_every_time_zone() -> None:
    found = specification(MONTHS, Choice("line", "month", "revenue"), "Revenue")
    assert found["encoding"]["x"]["scale"] == {"type": "utc"}
    assert found["encoding"]["x"]["axis"]["format"] == "%b %Y"
    assert found["title"] == "Revenue"
    assert [each["y"] for each in found["data"]["values"]] == [3, None, 12345678901234568.0]


def test_times_of_day_are_utc() -> None:
    table = Table({"at": "time", "n": "number"}, [["2025-01-01 10:30:00.123456", 1]])
    assert specification(table, Choice("line", "at", "n"), "")["data"]["values"][0]["x"] == "2025-01-01T10:30:00.123Z"


def test_rows_that_share_a_place_are_summed_and_that_is_said() -> None:
    table = Table({"region": "text", "n": "number"}, [["a", 1], ["a", 2]])
    found = encoding(table, Choice("bar", "region", "n"))
    assert (found["y"]["aggregate"], found["y"]["title"]) == ("sum", "sum of n")


def test_without_heights_rows_are_counted_in_bins() -> None:
    found = encoding(Table({"n": "number"}, [[1], [2]]), Choice("bar", "n"))
    assert found["x"]["bin"] == {"maxbins": 30}
    assert found["y"]["aggregate"] == "count"


def test_names_may_hold_any_character() -> None:
    table = Table({"a.b[0]": "text", 'it\'s "n"': "number"}, [["x", 1], ["y", 2]])
    spec = specification(table, Choice("bar", "a.b[0]", 'it\'s "n"'), "")
    assert ">y<" in picture(spec, "svg").decode()


def test_a_picture_is_the_same_each_time() -> None:
    spec = specification(BARS, Choice("bar", "region", "revenue"), "Revenue")
    first = picture(spec, "png")
    assert first.startswith(b"\x89PNG")
    assert first == picture(specification(BARS, Choice("bar", "region", "revenue"), "Revenue"), "png")
    svg = picture(spec, "svg")
    assert svg == picture(spec, "svg")
    assert b">Revenue<" in svg


def test_a_picture_is_on_white_with_its_labels() -> None:
    svg = picture(specification(BARS, Choice("bar", "region", "revenue"), ""), "svg").decode()
    assert 'fill="white"' in svg
    for label in ("north", "south", "revenue", "region"):
        assert f">{label}<" in svg


def test_nothing_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.csv"
        spec = specification(BARS, Choice("bar", "region", "revenue"), "") | {"data": {"url": url}}
        with pytest.raises(Refused):
            picture(spec, "svg")
        with pytest.raises(BlockingIOError):
            server.accept()
