"""A worker process by itself: lines in, lines out."""

import json
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from services.data.job import Limits

ENDLESS = {"verb": "query", "sql": "SELECT count(*) FROM range(10000000000000)"}


def work(limits: Limits, *jobs: dict[str, str]) -> tuple[list[dict[str, Any]], int]:
    """The answers to `jobs`, and the worker's exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "services.data.worker", json.dumps(asdict(limits))],
        input="".join(json.dumps(job) + "\n" for job in jobs),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_jobs_are_answered_in_turn_until_input_ends(limits: Limits) -> None:
    answers, status = work(
        limits,
        {"verb": "query", "sql": "SELECT max(price) AS dearest FROM fruit"},
        {"verb": "query", "sql": "FROM nowhere"},
        {"verb": "profile", "dataset": "fruit"},
    )
    assert answers[0]["result"]["rows"] == [[3.0]]
    assert answers[1] == {"error": "The SQL reads from a table that is not a data set. Available data sets: fruit."}
    assert answers[2]["result"]["rows"] == 3
    assert status == 0


def test_it_ends_after_it_ran_out_of_memory(limits: Limits) -> None:
    too_much = {"verb": "query", "sql": "SELECT list_sum(range(1000000000))"}
    answers, status = work(limits, too_much, too_much)
    assert [(answer["last"], "more memory" in answer["error"]) for answer in answers] == [(True, True)]
    assert status == 0


def test_it_ends_by_itself_when_nobody_stops_it(limits: Limits) -> None:
    answers, status = work(replace(limits, timeout=0.1), ENDLESS)
    assert (answers, status) == ([], -signal.SIGALRM)


def test_a_result_over_the_bound_becomes_an_error(limits: Limits, root: Path) -> None:
    columns = range(200)
    values = ("x" * 100 for _ in columns)
    (root / "wide.csv").write_text(f"{','.join(f'c{column}' for column in columns)}\n{','.join(values)}\n")
    answers, _ = work(replace(limits, max_bytes=20_000), {"verb": "profile", "dataset": "wide"})
    assert "too large" in answers[0]["error"]


@pytest.mark.parametrize("name", ["fruit", "FRUIT", '"fruit.csv"', "'fruit.csv'"])
def test_a_data_set_goes_by_name_and_by_path(limits: Limits, name: str) -> None:
    answers, _ = work(limits, {"verb": "query", "sql": f"SELECT count(*) FROM {name}"})
    assert answers[0]["result"]["rows"] == [[3]]
