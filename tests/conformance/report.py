"""What is said of a comparison, as text."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tests.conformance.checks import Check, Comparison, Lost

MAX_WHY = 160


def table(title: str, scored: Comparison, unscored: Comparison) -> str:
    """Both runs in figures, why it fails, and each check that is lost."""
    alone, behind = scored.alone, scored.behind
    lines = [
        f"\n{title:22} {'alone':>8} {'behind':>8}",
        f"{'  scenarios':22} {alone.scenarios:8} {behind.scenarios:8}",
        f"{'  checks run':22} {alone.run:8} {behind.run:8}",
        f"{'  checks passed':22} {alone.passed:8} {behind.passed:8}",
        f"{'  not scored, passed':22} {unscored.alone.passed:8} {unscored.behind.passed:8}",
        *(f"  FAILED: {fault}" for fault in scored.faults),
        *_losses("lost behind the gateway", scored.lost),
        *_losses("lost too, and not scored", unscored.lost),
    ]
    return "\n".join(lines)


def left_out(reasons: Mapping[str, str]) -> str:
    """What was not compared, by reason."""
    names = defaultdict(list)
    for name, reason in reasons.items():
        names[reason].append(name)
    return "".join(f"\nnot compared: {', '.join(each)}\n  because {reason}" for reason, each in names.items())


def _losses(title: str, lost: Iterable[Lost]) -> list[str]:
    """Checks of one scenario that were lost alike, together."""
    alike = defaultdict(list)
    for each in lost:
        alike[each.check.scenario, each.behind, each.why].append(each.check)
    lines = [f"    {key[0]}: {_named(checks)} {key[1]}. {_short(key[2])}".rstrip() for key, checks in alike.items()]
    return [f"  {title}:", *lines] if lines else []


def _named(checks: Iterable[Check]) -> str:
    return ", ".join(f"{check.id} ({check.name})" for check in checks)


def _short(why: str) -> str:
    line = " ".join(why.split())
    return line if len(line) <= MAX_WHY else f"{line[: MAX_WHY - 1]}…"
