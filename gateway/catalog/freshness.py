"""How long a client may keep an answer, and whether it may share it (2026-07-28 `server/utilities/caching`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.catalog.catalog import Source

Hints = Mapping[str, Any]

HINTS = frozenset({"ttlMs", "cacheScope"})
# A service that says nothing lists the same for as long as this process runs; its next version comes with another.
OF_A_SERVICE: Hints = {"ttlMs": 300_000, "cacheScope": "public"}
# A client that hears of no change must not miss one for longer than an hour, whatever an upstream says.
MOST_OF_A_LIST = 3_600_000
# What a client in JavaScript can still count.
MOST = 2**53 - 1


def hints_of(result: Mapping[str, Any]) -> Hints:
    """The hints in one result. No whole number above 0 counts as stale, and no scope that we know as private."""
    ttl = result.get("ttlMs")
    usable = isinstance(ttl, int) and not isinstance(ttl, bool) and ttl > 0
    return {
        "ttlMs": min(ttl, MOST) if usable else 0,
        "cacheScope": "public" if result.get("cacheScope") == "public" else "private",
    }


def least(hints: Iterable[Hints]) -> Hints:
    """One hint that holds for all of them: the shortest time, and private if any is."""
    found = list(hints)
    return {
        "ttlMs": min((each["ttlMs"] for each in found), default=MOST_OF_A_LIST),
        "cacheScope": "private" if any(each["cacheScope"] == "private" for each in found) else "public",
    }


def list_hints(method: str, sources: Iterable[Source], now: float, *, by_principal: bool) -> Hints:
    """The hints of a merged list, the same on all its pages.

    `now` is POSIX seconds. `by_principal`: who calls decides what is on it, so nobody else may be given it.
    """
    left = [_left(method, source, now) for source in sources]
    hints = least([{"ttlMs": MOST_OF_A_LIST, "cacheScope": "public"}, *(each for each in left if each is not None)])
    return {**hints, "cacheScope": "private"} if by_principal else hints


def _left(method: str, source: Source, now: float) -> Hints | None:
    """What is left of one owner's hints; None if it has no such list. A service is asked anew, so its never age."""
    hints = source.listing.hints.get(method)
    if source.owner == "service":
        return hints or OF_A_SERVICE
    if not source.listing.heard_at:
        return {"ttlMs": 0, "cacheScope": "public"}  # it may be heard at any moment
    if hints is None:
        return None
    age = max(0, round((now - source.listing.heard_at) * 1000))
    return {**hints, "ttlMs": max(0, hints["ttlMs"] - age)}


def read_hints(sources: Iterable[Source], namespace: str) -> Hints | None:
    """What the service of that namespace says of everything that is read from it, if anything."""
    return next((each.listing.hints.get("resources/read") for each in sources if each.namespace == namespace), None)


def call_hints(method: str, result: dict[str, Any]) -> dict[str, Any]:
    """An upstream's result with its hints made sane: on what was read, and never on what asks for input."""
    if result.get("resultType") == "input_required":
        return without_hints(result)
    return {**result, **hints_of(result)} if method == "resources/read" else result


def without_hints(result: dict[str, Any]) -> dict[str, Any]:
    """A result as a legacy client has it."""
    return {name: value for name, value in result.items() if name not in HINTS}
