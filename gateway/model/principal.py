"""Who calls, whatever the proof."""

from dataclasses import dataclass
from typing import Final, Literal

Proof = Literal["loopback", "stdio", "key", "jwt", "oauth"]

ALL_SCOPES = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a subject that no two callers share, the scopes granted, and how it proved it.

    `subject` is unique across proofs (`key:ab12`, `jwt:https://issuer#sub`), so it can key sessions and limits.
    """

    subject: str
    scopes: frozenset[str]
    proof: Proof


LOOPBACK: Final = Principal("loopback", ALL_SCOPES, "loopback")
STDIO = Principal("stdio", ALL_SCOPES, "stdio")
