"""The end of a worker process, and the bounds of what it says."""

import signal
from dataclasses import replace
from pathlib import Path

from services.data.job import Limits
from tests.services.data.working import ENDLESS, work


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
