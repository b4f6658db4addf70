"""`python -m tests.conformance.run`: the official suite against the fixture alone and behind the gateway, compared.

Exits with 1 where a check that counts passes alone and not behind the gateway, where other checks were run, or where
fewer pass alone than once did: against a dead port, dozens do.
"""

import argparse
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from tests.conformance import checks, report, servers
from tests.conformance.checks import Check, Comparison
from tests.conformance.left_out import LEFT_OUT
from tests.conformance.suite import HOME, Leg, Suite, SuiteError, installed

REVISIONS = ("2025-11-25", "2026-07-28")
AT_LEAST: dict[tuple[Leg, str], int] = {
    ("server", "2025-11-25"): 69,
    ("server", "2026-07-28"): 164,
    ("client", "2025-11-25"): 11,
    ("client", "2026-07-28"): 53,
}
"""Checks that count and pass without a gateway. Raise it when the fixture or the suite gets more."""
RELAYED: dict[tuple[Leg, str], frozenset[str]] = {
    ("server", "2026-07-28"): frozenset(
        f"tasks-{name}"
        for name in (
            "lifecycle", "capability-negotiation", "wire-fields", "request-state-removal", "mrtr-input",
            "request-headers", "dispatch-and-envelope", "required-task-error", "mrtr-composition",
        )
    )
}  # fmt: skip
"""Scenarios that count here although the suite does not score them: of an extension that the gateway relays."""


def tested(suite: Suite, leg: Leg, revision: str, results: Path) -> tuple[Comparison, Comparison]:
    """What counts, and what does not."""
    scored = (suite.scored(leg, revision) | RELAYED.get((leg, revision), frozenset())) - LEFT_OUT.keys()
    alone, behind = (
        server_leg(suite, revision, results) if leg == "server" else client_leg(suite, revision, scored, results)
    )
    unscored = {check.scenario for check in alone} - scored
    return (
        checks.compare(
            checks.of(scored, alone, LEFT_OUT), checks.of(scored, behind, LEFT_OUT), AT_LEAST[leg, revision]
        ),
        checks.compare(checks.of(unscored, alone), checks.of(unscored, behind)),
    )


def server_leg(suite: Suite, revision: str, results: Path) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    with servers.fixture(published=True) as url:
        suite.test_server(url, revision, results / "alone")
    with servers.fixture(published=False) as upstream, servers.gateway(upstream, results / "gateway") as url:
        suite.test_server(url, revision, results / "behind")
    return checks.read(results / "alone"), checks.read(results / "behind")


def client_leg(
    suite: Suite, revision: str, scenarios: frozenset[str], results: Path
) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    for scenario in sorted(scenarios):
        for way in ("alone", "behind"):
            command = (sys.executable, "-m", "tests.conformance.client", way, str(results / "gateway" / scenario))
            suite.test_client(shlex.join(command), scenario, revision, results / way)
    return checks.read(results / "alone"), checks.read(results / "behind")


def stale(suite: Suite) -> set[str]:
    """Names that are left out although the suite does not have them."""
    known = {name for revision in REVISIONS for leg in get_args(Leg) for name in suite.scored(leg, revision)}
    return {name for name in LEFT_OUT if name.partition(":")[0] not in known}


def chosen(arguments: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--leg", choices=get_args(Leg), nargs="+", default=get_args(Leg))
    options.add_argument("--revision", choices=REVISIONS, nargs="+", default=REVISIONS)
    return options.parse_args(arguments)


def main() -> int:
    options = chosen(sys.argv[1:])
    try:
        suite = installed()
    except SuiteError as error:
        print(error, file=sys.stderr)
        return 1
    failed = bool(names := stale(suite))
    print("".join(f"{name} is left out, and the suite has no such scenario\n" for name in sorted(names)), end="")
    for leg in options.leg:
        for revision in options.revision:
            results = HOME / "results" / leg / revision
            shutil.rmtree(results, ignore_errors=True)
            scored, unscored = tested(suite, leg, revision, results)
            print(report.table(f"{leg} {revision}", scored, unscored), flush=True)
            failed = failed or bool(scored.faults)
    print(report.left_out(LEFT_OUT))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
