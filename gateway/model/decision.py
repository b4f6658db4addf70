"""Allowed or refused, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to 'may this principal use this route'. `required` has every scope that would allow it, narrowest first."""

    allowed: bool
    reason: str
    required: tuple[str, ...] = ()
