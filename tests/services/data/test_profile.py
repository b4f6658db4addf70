"""The figures about a data set."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from duckdb import DuckDBPyConnection

from services.data import profile as module
from services.data.datasets import find_datasets
from services.data.job import WORKER, Limits
from services.data.profile import profile
from services.data.sandbox import seal
from services.workers.engine import Engine


def test_a_profile_has_figures_for_each_column(sealed: DuckDBPyConnection, limits: Limits) -> None:
    found = profile(sealed, "fruit", limits)
    assert found == {
        "dataset": "fruit",
        "rows": 3,
        "columns": [
            {"name": "name", "type": "VARCHAR", "nulls": 0, "distinct": 3, "min": "apple", "max": "plum"}
            | {"mean": None, "quantiles": None},
            {"name": "price", "type": "DOUBLE", "nulls": 1, "distinct": 2, "min": 1.5, "max": 3.0}
            | {"mean": 2.25, "quantiles": {"q25": 1.5, "q50": 2.25, "q75": 3.0}},
            {"name": "picked", "type": "DATE", "nulls": 0, "distinct": 3, "min": "2025-03-01", "max": "2025-03-04"}
            | {"mean": None, "quantiles": None},
        ],
        "sample": [["apple", 1.5, "2025-03-01"], ["pear", None, "2025-03-02"], ["plum", 3.0, "2025-03-04"]],
        "repeated": 0,
        "warnings": [],
        "truncated": False,
    }


def test_nested_values_and_lists_of_decimals_have_no_mean(
    fresh: DuckDBPyConnection, root: Path, limits: Limits
) -> None:
    fresh.execute(f"COPY (SELECT [1.5] a, {{'b': 1}} c, 'x'::BLOB d, NULL e) TO '{root}/nested.parquet'")
    seal(fresh, {dataset.name: dataset for dataset in find_datasets([str(root)])}, limits.max_file_bytes)
    found = profile(fresh, "nested", limits)
    assert [column["mean"] for column in found["columns"]] == [None] * 4
    assert [column["min"] for column in found["columns"]] == ["[1.5]", "{'b': 1}", "x", None]


def test_an_empty_data_set_has_a_profile(fresh: DuckDBPyConnection, root: Path, limits: Limits) -> None:
    (root / "empty.csv").write_text("a,b\n")
    seal(fresh, {dataset.name: dataset for dataset in find_datasets([str(root)])}, limits.max_file_bytes)
    found = profile(fresh, "empty", limits)
    assert (found["rows"], found["sample"]) == (0, [])
    assert [(column["nulls"], column["distinct"], column["min"]) for column in found["columns"]] == [(0, 0, None)] * 2


def test_long_text_is_cut(fresh: DuckDBPyConnection, root: Path, limits: Limits) -> None:
    (root / "long.csv").write_text("a\n" + "x" * 5_000 + "\n")
    seal(fresh, {dataset.name: dataset for dataset in find_datasets([str(root)])}, limits.max_file_bytes)
    assert profile(fresh, "long", limits)["columns"][0]["max"] == "x" * 200


def test_a_wide_data_set_is_cut(sealed: DuckDBPyConnection, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COLUMNS", 2)
    found = profile(sealed, "fruit", limits)
    assert [column["name"] for column in found["columns"]] == ["name", "price"]
    assert found["truncated"]


def test_oddities_of_the_data_are_told(fresh: DuckDBPyConnection, root: Path, limits: Limits) -> None:
    lines = [f"{number},,same,{'n/a' if number == 7 else number},{number % 28 + 1}. Mai" for number in range(40)]
    (root / "odd.csv").write_text("\n".join(["id,none,one,mixed,day", *lines, lines[-1], lines[-1]]) + "\n")
    seal(fresh, {dataset.name: dataset for dataset in find_datasets([str(root)])}, limits.max_file_bytes)
    found = profile(fresh, "odd", limits)
    assert found["repeated"] == 2
    assert found["warnings"] == [
        'Column "none" has no values.',
        'Column "one" has the same value in every row.',
        'Column "mixed" mixes numbers with other text: 41 of the first 42 values are numbers.',
        "2 rows repeat another row.",
    ]


def test_dates_that_are_text_are_seen(fresh: DuckDBPyConnection, root: Path, limits: Limits) -> None:
    fresh.execute(f"COPY (SELECT '31/12/2025' AS a, '2025-12-31' AS b) TO '{root}/dates.parquet'")
    seal(fresh, {dataset.name: dataset for dataset in find_datasets([str(root)])}, limits.max_file_bytes)
    assert [text.partition(" as text")[0] for text in profile(fresh, "dates", limits)["warnings"]] == [
        'Column "a" holds dates',
        'Column "b" holds dates',
    ]


def test_very_many_rows_are_not_compared(
    sealed: DuckDBPyConnection, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ROWS_COMPARED", 2)
    assert profile(sealed, "fruit", limits)["repeated"] is None


async def test_half_a_million_rows_stay_within_time_and_memory(root: Path, limits: Limits) -> None:
    """0.5 s of processor time and 250 MB were seen; the bounds leave room for machines that are slower."""
    with (root / "orders.csv").open("w") as file:
        file.write("id,day,region,amount,note\n")
        file.writelines(
            f"{number},2025-{number % 12 + 1:02}-01,{'nesw'[number % 4]},{number % 977}.5,note {number % 5003}\n"
            for number in range(500_000)
        )
    async with Engine(WORKER, replace(limits, memory_limit=512_000_000), workers=1) as engine:
        await engine.run("profile", dataset="fruit")
        (worker,) = [each for each in psutil.Process().children() if "services.data.worker" in each.cmdline()]
        before = sum(worker.cpu_times()[:2])
        found = (await engine.run("profile", dataset="orders")).result
        seconds, memory = sum(worker.cpu_times()[:2]) - before, worker.memory_info().rss
    assert (found["rows"], found["repeated"]) == (500_000, 0)
    assert seconds < 3
    assert memory < 512_000_000
