"""What the data service takes for a large file."""

import asyncio
import csv
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.report import Section
from bench.rounds import MEGABYTE, Effort
from services.data.job import WORKER
from services.data.settings import Settings
from services.workers.engine import Engine

ROWS = 500_000
REGIONS = ("north", "east", "south", "west")
SQL = "SELECT region, count(*), sum(amount) FROM orders WHERE paid GROUP BY region"


def data(effort: Effort) -> Section:
    """A CSV file of 500,000 rows, profiled and queried in a worker of the data service that is warm."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "orders.csv")
        _write(file, effort.sized(ROWS))
        print(f"    {file.stat().st_size / MEGABYTE:.1f} MB")
        found = asyncio.run(_measure(Path(folder), effort.rounds))
    for key, values in found.items():
        print(f"    {key:12} {', '.join(f'{value:.2f}' for value in values)}")
    return Section([], found)


def _write(file: Path, rows: int) -> None:
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("order_id", "day", "region", "customer", "amount", "quantity", "paid", "note"))
        writer.writerows(_orders(rows))


def _orders(rows: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(7)
    for number in range(rows):
        day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
        note = f"note {chance.randrange(1_000)}" if chance.random() < 0.9 else ""
        customer = f"customer {chance.randrange(50_000)}"
        amount, quantity, paid = chance.randrange(100_000) / 100, chance.randrange(20), chance.random() < 0.7
        yield number, day, chance.choice(REGIONS), customer, amount, quantity, paid, note


async def _measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, after one that warms up; and the most megabytes that the worker ever had."""
    settings = Settings(roots=[folder], timeout=60)
    profiled, queried = [], []
    async with Engine(WORKER, settings.limits(), workers=1) as engine:
        for _ in range(rounds + 1):
            began = time.perf_counter()
            await engine.run("profile", dataset="orders")
            between = time.perf_counter()
            await engine.run("query", sql=SQL)
            profiled.append(between - began)
            queried.append(time.perf_counter() - between)
        memory = max(_peak(each) for each in psutil.Process().children() if WORKER in each.cmdline())
    return {"profile": profiled[1:], "query": queried[1:], "data-memory": [memory / MEGABYTE]}


def _peak(process: psutil.Process) -> int:
    """The most memory that a process ever had, in bytes, as Linux counts it; elsewhere what it has now."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return process.memory_info().rss
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
