"""The end of a worker process, and the bounds of what it says."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from services.data.job import Limits

ENDLESS = {"verb": "query", "sql": "SELECT count(*) FROM range(10000000000000)"}


def work(limits: Limits, *jobs: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The answers to `jobs`, each with its block under the key `block`, and the worker's exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "services.data.worker", json.dumps(asdict(limits))],
        input=b"".join(json.dumps(job).encode() + b"\n" for job in jobs),
        stdout=subprocess.PIPE,
        check=False,
    )
    return list(_answers(BytesIO(done.stdout))), done.returncode


def _answers(printed: BytesIO) -> Iterator[dict[str, Any]]:
    for line in printed:
        length, _, answer = line.partition(b" ")
        yield {**json.loads(answer), "block": printed.read(int(length))}


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
