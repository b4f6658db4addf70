"""Allowed or refused, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to 'may this principal use this route'. `required` names every scope that would allow it."""

    allowed: bool
    reason: str
    required: frozenset[str] = frozenset()
