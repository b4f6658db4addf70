"""How the link between replicas does, for everyone who shows it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LinkState:
    """Since when (POSIX seconds), and why where it is lost. `off`: none is configured."""

    name: Literal["off", "connecting", "connected", "lost"]
    since: float
    reason: str = ""
