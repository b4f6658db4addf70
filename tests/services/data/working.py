"""A worker process to give jobs to, as the engine starts it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
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
