"""The figures that are promised, as data, and what a run made of them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A promise: a value that should be at least, or at most, `wanted`."""

    key: str
    what: str
    wanted: float
    at_least: bool = True
    unit: str = "x"

    @property
    def promise(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.wanted:g} {self.unit}"


@dataclass(frozen=True)
class Outcome:
    """A figure as measured: a value for each round, of which the median counts. None at all: it could not be.

    Where the values are those of the compiled build, `uncompiled` are what the other one came to.
    """

    figure: Figure
    values: Sequence[float]
    uncompiled: Sequence[float] = ()

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        figure = self.figure
        return bool(self.values) and (self.median >= figure.wanted if figure.at_least else self.median <= figure.wanted)

    @property
    def margin(self) -> str:
        """By how much it is met or missed."""
        if not self.values:
            return "not measured"
        if self.figure.wanted == 0:
            return ""
        share = self.median / self.figure.wanted - 1
        better = share if self.figure.at_least else -share
        return f"{abs(better):.0%} {'better' if better >= 0 else 'worse'}"

    @property
    def measured(self) -> str:
        """The median and its spread over the rounds, and the other build's median."""
        if not self.values:
            return "-"
        spread = f" ({_short(min(self.values))} to {_short(max(self.values))})" if len(self.values) > 1 else ""
        beside = f", uncompiled {_short(statistics.median(self.uncompiled))}" if self.uncompiled else ""
        return f"{_short(self.median)} {self.figure.unit}{spread}{beside}"

    @property
    def verdict(self) -> str:
        return "met" if self.met else "MISSED"

    def __str__(self) -> str:
        return f"{self.verdict:6}  {self.measured:48} {self.figure.promise:10} {self.margin:12}  {self.figure.what}"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"


def at_most(key: str, what: str, wanted: float, unit: str = "x") -> Figure:
    return Figure(key, what, wanted, False, unit)


FIGURES = {
    figure.key: figure
    for figure in (
        Figure("envoy", "proxied modern call, everything on, 16 clients, against Envoy's MCP router: throughput", 1.0),
        at_most("envoy-p99", "the same: p99", 1.2),
        Figure("bare", "the bare door (no key, no sinks), against Envoy's MCP router", 1.5),
        Figure("plain", "everything on, against plain FastMCP composition (1 upstream, 10 tools)", 400),
        Figure("nginx", "everything on, against nginx passing through", 0.3),
        Figure("legacy", "legacy client that declares elicitation and roots, to a legacy upstream, against Envoy", 1.0),
        Figure("sse", "an upstream that answers over SSE, against the same over JSON", 0.7),
        Figure("service", "a service's async tool, against the same tool on a plain FastMCP server", 8),
        Figure("list", "tools/list of 1,000 tools, against plain FastMCP listing its own 1,000", 100),
        at_most("size", "CPU per call with 100 upstreams and 10,000 tools, against 1 and 10", 1.1),
        Figure("slow", "50 ms upstream, 200 clients, against the upstream alone: throughput", 0.95),
        at_most("slow-p99", "the same: p99", 1.3),
        at_most("workers", "CPU per call with two workers, against one, 64 clients", 1.1),
        at_most("memory", "memory grown over 100,000 calls", 5, "MB"),
        at_most("hung", "tools/list of 1,000 tools with one of 20 upstreams hung, against all healthy: p50", 1.1),
        at_most("profile", "a CSV file of 500,000 rows profiled, warm", 1, "s"),
        at_most("query", "the same grouped by SQL, warm", 0.5, "s"),
        at_most("data-memory", "the most memory that the same took", 512, "MB"),
        Figure("page", "a database page of 1,000 rows, against the same query alone behind a plain FastMCP tool", 0.7),
        Figure("cached", "a fetch from a site that takes 50 ms, against the same from the cache", 20),
        at_most("ready", "ready with 20 upstreams, one dead, one hung", 3, "s"),
    )
}
