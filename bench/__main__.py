"""`make bench`: run every scenario, print the figures and write them down; ends with 1 if one is missed.

    python -m bench [--quick] [SCENARIO ...]

Scenarios named run alone, and nothing is written then. `--quick` takes seconds and says only that it works.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.load import WrongAnswer
from bench.machine import words
from bench.report import Section, page, picture, with_words
from bench.rounds import FULL, QUICK, Effort, SaysNothing
from bench.scenarios import calls, data, database, external, faults, others, sizes
from tests.upstreams.process import NotStarted

README = Path(__file__).parents[1] / "README.md"
DOCS = README.parent / "docs"


@dataclass(frozen=True)
class Scenario:
    """What to run, and the figures that it gives."""

    name: str
    measure: Callable[[Effort], Section]
    figures: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return (self.measure.__doc__ or "").strip().rstrip(".")


SCENARIOS = (
    Scenario("modern", calls.modern, ("envoy", "envoy-p99", "bare", "plain", "nginx")),
    Scenario("one-client", calls.one_client),
    Scenario("many-clients", calls.many_clients),
    Scenario("legacy", calls.legacy, ("legacy",)),
    Scenario("sse", calls.sse, ("sse",)),
    Scenario("slow", calls.slow, ("slow", "slow-p99")),
    Scenario("service", sizes.service, ("service",)),
    Scenario("listing", sizes.listing, ("list",)),
    Scenario("size", sizes.size, ("size",)),
    Scenario("workers", sizes.workers, ("workers",)),
    Scenario("memory", sizes.memory, ("memory",)),
    Scenario("data", data.data, ("profile", "query", "data-memory")),
    Scenario("database", database.database, ("page",)),
    Scenario("external", external.external, ("cached",)),
    Scenario("hung", faults.hung, ("hung",)),
    Scenario("ready", faults.ready, ("ready",)),
    Scenario("others", others.others),
)


def main() -> int:
    """Run them in turn."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("only", nargs="*", metavar="SCENARIO", help=", ".join(each.name for each in SCENARIOS))
    chosen = parser.parse_args()
    if unknown := set(chosen.only) - {each.name for each in SCENARIOS}:
        parser.error(f"no scenario is called {', '.join(sorted(unknown))}")
    effort = QUICK if chosen.quick else FULL
    machine, began = words(), time.monotonic()
    print("\n".join(machine), end="\n\n")
    sections = [run(each, effort) for each in SCENARIOS if not chosen.only or each.name in chosen.only]
    if not chosen.only and not chosen.quick:
        write(sections, machine, effort, time.monotonic() - began)
    outcomes = [outcome for section in sections for outcome in section.outcomes]
    print("\n".join(str(outcome) for outcome in outcomes))
    return 0 if chosen.quick or all(outcome.met for outcome in outcomes) else 1


def write(sections: list[Section], machine: list[str], effort: Effort, took: float) -> None:
    """The page; and, where there is something to draw, its picture, with what it was made on in the README."""
    (DOCS / "benchmarks.md").write_text(page(sections, machine, effort, took))
    if sections[0].rows:
        (DOCS / "benchmarks.svg").write_text(picture(sections[0], calls.ENVOY))
        README.write_text(with_words(README.read_text(), machine))


def run(scenario: Scenario, effort: Effort) -> Section:
    """One scenario. What cannot be measured is said, and its figures are missed."""
    print(f"{scenario.name}: {scenario.title}", flush=True)
    try:
        section = scenario.measure(effort)
    except (SaysNothing, WrongAnswer, NotStarted, OSError) as reason:
        print(f"    not measured: {reason}")
        section = Section([], {key: [] for key in scenario.figures})
    print(flush=True)
    section.title = scenario.title
    return section


if __name__ == "__main__":
    sys.exit(main())
