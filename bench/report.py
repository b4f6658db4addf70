"""What a run found, as a page with its tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.chart import bars
from bench.figures import FIGURES, Outcome
from bench.parts import MOST_IN_FLIGHT
from bench.rounds import Effort, Row


@dataclass
class Section:
    """What one scenario measured: its rows, and the values of its figures, one for each round.

    Where those are of the compiled build, `uncompiled` has what they are without.
    """

    rows: list[Row]
    found: dict[str, list[float]] = field(default_factory=dict)
    title: str = ""
    uncompiled: dict[str, list[float]] = field(default_factory=dict)

    @property
    def outcomes(self) -> list[Outcome]:
        return [Outcome(FIGURES[key], values, self.uncompiled.get(key, ())) for key, values in self.found.items()]


def page(sections: Sequence[Section], words: Sequence[str], effort: Effort, took: float) -> str:
    """The whole of `docs/benchmarks.md`."""
    outcomes = [outcome for section in sections for outcome in section.outcomes]
    parts = [HEAD.format(words=_items(words), **_numbers(effort, took))]
    parts += [_table(("figure", "wanted", "measured", "verdict", "margin"), [_cells(each) for each in outcomes])]
    for section in sections:
        if section.rows:
            parts += [f"## {section.title}", _table(COLUMNS, [_figures(row, section.rows[0]) for row in section.rows])]
    return "\n\n".join(parts) + "\n"


def with_words(readme: str, words: Sequence[str]) -> str:
    """The README, saying of its picture what it was made on."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_items(words)}\n\n{END}{after}" if after else readme


BEGIN, END = "<!-- made on -->", "<!-- end of made on -->"


def picture(section: Section, one: str) -> str:
    """The rates of a section's parts, that of `one` being 1; without the upstream, which is no way to anywhere."""
    theirs = next(row for row in section.rows if row.name == one).median("rate")
    shown = [(row.name, row.median("rate") / theirs, " door" in row.name) for row in section.rows[1:]]
    return bars(f"{section.title}: calls a second, {one} = 1", sorted(shown, key=lambda bar: -bar[1]))


HEAD = """# Benchmarks

`make bench` made this page and its picture: every part in its own process on one machine, all before the same
upstream, measured in turn: {rounds} rounds of {seconds:g} s each, {minutes:.0f} minutes in all. Every answer was
checked to be the right one. Ratios are taken within a round; the median is given, with the least and the greatest. One
worker each unless it says otherwise, and at most {in_flight:,} calls in flight, out of reach, for all. Machines
differ and are shared: no absolute figure is a promise.

{words}

![Calls a second through each part, with Envoy's MCP router as 1](benchmarks.svg)

The upstream is `bench/upstream.py`, the load `bench/load.py`, and how nginx and Envoy are set up is in
`bench/proxies.py`. Envoy's router has one server, which is its cheapest: it need not rewrite names then. 'Everything
on' is a key with scopes, metrics, and a structured log and an audit on disk; 'bare' has none of them. 'Compiled' is the
build that `make compiled` makes of the same sources; a figure for which both were measured goes by it, and says what
the other one came to. `make bench ONLY=modern` runs one part of it."""

COLUMNS = ("part", "calls/s", "of the first", "p50 ms", "p99 ms", "CPU µs/call", "memory MB")


def _numbers(effort: Effort, took: float) -> dict[str, float]:
    return {"rounds": effort.rounds, "seconds": effort.seconds, "minutes": took / 60, "in_flight": MOST_IN_FLIGHT}


def _items(words: Sequence[str]) -> str:
    return "\n".join(f"- {each}" for each in words)


def _cells(outcome: Outcome) -> Sequence[str]:
    return outcome.figure.what, outcome.figure.promise, outcome.measured, outcome.verdict, outcome.margin


def _figures(row: Row, first: Row) -> Sequence[str]:
    return (
        row.name,
        f"{row.median('rate'):,.0f}",
        f"{row.median('rate') / first.median('rate'):.3f}",
        f"{row.median('p50') * 1e3:.2f}",
        f"{row.median('p99') * 1e3:.2f}",
        f"{row.median('cpu') * 1e6:.0f}",
        f"{row.memory:.0f}",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
