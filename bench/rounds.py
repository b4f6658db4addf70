"""Measure parts in turn, round after round, so that what disturbs the machine disturbs them alike."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.load import Measured, Request, measure
from bench.parts import Part

MEGABYTE = 1024 * 1024
ENOUGH = 2.0
"""How much faster than any gateway the upstream alone must be, or ratios say more of it than of them."""


class SaysNothing(Exception):
    """The ratios of a run would say nothing; the message has why."""


@dataclass(frozen=True)
class Effort:
    """How long and how often to measure."""

    seconds: float
    rounds: int
    scale: float = 1.0
    """Of the sizes: upstreams, tools, calls, clients."""
    strict: bool = True
    """Refuse to give ratios that say nothing."""

    def sized(self, count: int) -> int:
        return max(1, round(count * self.scale))


FULL = Effort(1.5, 5)
QUICK = Effort(0.05, 1, scale=0.02, strict=False)


@dataclass(frozen=True)
class Sample:
    """One part in one round. `cpu`: seconds of its process tree for one call."""

    measured: Measured
    cpu: float


@dataclass
class Row:
    """One part's rounds."""

    part: Part
    request: Request
    is_gateway: bool = True
    samples: list[Sample] = field(default_factory=list)
    memory: float = 0.0

    @property
    def name(self) -> str:
        return self.part.name

    def median(self, what: str) -> float:
        """Of `rate`, `p50`, `p99` or `cpu`."""
        return statistics.median(self.each(what))

    def each(self, what: str) -> list[float]:
        return [sample.cpu if what == "cpu" else getattr(sample.measured, what) for sample in self.samples]

    def __str__(self) -> str:
        latency = f"p50 {self.median('p50') * 1e3:8.2f} ms  p99 {self.median('p99') * 1e3:8.2f} ms"
        cost = f"CPU {self.median('cpu') * 1e6:9.1f} µs/call  {self.memory:5.0f} MB"
        return f"{self.name:37} {self.median('rate'):10.1f}/s  {latency}  {cost}"


def ratios(ours: Row, theirs: Row, what: str = "rate") -> list[float]:
    """Ours over theirs, for each round."""
    return [mine / other for mine, other in zip(ours.each(what), theirs.each(what), strict=True)]


def in_turn(rows: Sequence[Row], effort: Effort, *, clients: int, seconds: float | None = None) -> None:
    """Fill the rows, and print them.

    Raises:
        SaysNothing: a row that is no gateway (the upstream alone) was not fast enough for the others.
    """
    for _ in range(effort.rounds):
        for row in rows:
            row.samples.append(_sample(row, clients, seconds or effort.seconds))
    for row in rows:
        row.memory = row.part.memory / MEGABYTE
        print(f"    {row}")
    busiest = max(sample.measured.own_cpu for row in rows for sample in row.samples)
    print(f"    (the load itself used {busiest:.0%} of a core at the most)", flush=True)


def refuse_if_slow(alone: Row, rows: Sequence[Row], effort: Effort) -> None:
    """Hold that the upstream alone is fast enough for ratios of gateways to say something.

    Raises:
        SaysNothing: it is not.
    """
    fastest = max((row for row in rows if row.is_gateway), key=lambda row: row.median("rate"))
    share = alone.median("rate") / fastest.median("rate")
    if effort.strict and share < ENOUGH:
        raise SaysNothing(
            f"the upstream alone is only {share:.1f} times as fast as {fastest.name}: at least {ENOUGH:g} are needed. "
            "The machine is busy or too small for the load, the gateway and the upstream at once."
        )


def _sample(row: Row, clients: int, seconds: float) -> Sample:
    before = row.part.cpu
    measured = measure(row.part.target, row.request, concurrency=clients, seconds=seconds)
    return Sample(measured, (row.part.cpu - before) / (measured.calls + clients))
