"""Allowed or refused, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """May this principal use this route? `required` has every scope that would allow it, narrowest first."""

    allowed: bool
    reason: str
    required: tuple[str, ...] = ()
