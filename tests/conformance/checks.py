"""What the suite found, read from its results, and what of it is lost behind the gateway."""

import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSED = "SUCCESS"
RUN = frozenset({PASSED, "FAILURE", "WARNING"})
"""Statuses of a check that was run. `SKIPPED` says that there was nothing to check, and `INFO` is a remark."""

# `server-<scenario>-<time>`: the suite puts each scenario's results in a folder of its own.
FOLDER = re.compile(r"(?:server-)?(?P<scenario>.+?)-\d{4}-\d\d-\d\dT[\d-]+Z")


@dataclass(frozen=True)
class Check:
    """One check of one run. The suite gives one id and name to several in a scenario, so `nth` tells them apart."""

    scenario: str
    id: str
    name: str
    nth: int
    status: str
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.scenario, self.id, self.name, self.nth


@dataclass(frozen=True)
class Lost:
    """A check that passes alone, and what became of it behind the gateway ("missing" if it was not made)."""

    check: Check
    behind: str
    why: str


@dataclass(frozen=True)
class Tally:
    """One run in figures."""

    scenarios: int
    run: int
    passed: int


@dataclass(frozen=True)
class Comparison:
    """The two runs of the same scenarios. `at_least` is how many checks have to pass alone."""

    alone: Tally
    behind: Tally
    lost: tuple[Lost, ...]
    at_least: int

    @property
    def faults(self) -> tuple[str, ...]:
        """Why this comparison fails, a line each."""
        found = []
        if self.alone.passed < self.at_least:
            found.append(f"only {self.alone.passed} checks pass alone; {self.at_least} did when this was written")
        if self.alone.run != self.behind.run:
            found.append(f"{self.alone.run} checks were run alone and {self.behind.run} behind the gateway")
        if self.lost:
            found.append(f"{len(self.lost)} checks pass alone and not behind the gateway")
        return tuple(found)


def read(results: Path) -> tuple[Check, ...]:
    """All checks in a folder that the suite wrote."""
    found: list[Check] = []
    for file in sorted(results.glob("**/checks.json")):
        found += checks(scenario_of(file.parent.relative_to(results).as_posix()), json.loads(file.read_bytes()))
    return tuple(found)


def scenario_of(folder: str) -> str:
    """The scenario whose results lie in a folder of that name.

    Raises:
        ValueError: the suite does not name folders so.
    """
    match = FOLDER.fullmatch(folder)
    if match is None:
        raise ValueError(f"{folder} is no name of a scenario's results. Has the suite changed how it names them?")
    return match["scenario"]


def checks(scenario: str, raw: Iterable[Mapping[str, Any]]) -> Iterator[Check]:
    """The checks in one `checks.json`."""
    seen: Counter[tuple[str, str]] = Counter()
    for each in raw:
        name = each["id"], each["name"]
        yield Check(scenario, *name, seen[name], each["status"], each.get("errorMessage") or "")
        seen[name] += 1


def of(scenarios: Set[str], found: Iterable[Check], left_out: Container[str] = ()) -> tuple[Check, ...]:
    """Those checks that were made in one of the scenarios, without those that `left_out` names `scenario:id`."""
    return tuple(
        check for check in found if check.scenario in scenarios and f"{check.scenario}:{check.id}" not in left_out
    )


def compare(alone: Iterable[Check], behind: Iterable[Check], at_least: int = 0) -> Comparison:
    """The same scenarios, without and with a gateway."""
    alone, behind = tuple(alone), tuple(behind)
    lost = (_lost(check, behind) for check in alone if check.status == PASSED)
    return Comparison(tally(alone), tally(behind), tuple(each for each in lost if each is not None), at_least)


def tally(found: Iterable[Check]) -> Tally:
    counted = [check for check in found if check.status in RUN]
    passed = sum(check.status == PASSED for check in counted)
    return Tally(len({check.scenario for check in counted}), len(counted), passed)


def _lost(check: Check, behind: tuple[Check, ...]) -> Lost | None:
    """A check that was not made has no reason of its own, so it gets those that its scenario failed for."""
    for other in behind:
        if other.key == check.key:
            return None if other.status == PASSED else Lost(check, other.status.lower(), other.why)
    whys = (other.why for other in behind if other.scenario == check.scenario and other.status == "FAILURE")
    return Lost(check, "missing", "; ".join(why for why in whys if why))
