"""How an upstream does."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

State = Literal["unknown", "up", "idle", "down", "off"]


@dataclass(slots=True)
class Health:
    """Its state, since when (POSIX seconds), and why where it is down or off."""

    state: State
    reason: str = ""
    since: float = field(default_factory=time.time)

    def up(self) -> bool:
        """It answered; whether that is news."""
        return self._turn("up", "")

    def idle(self) -> None:
        """Its program rests."""
        self._turn("idle", "")

    def down(self, reason: str) -> bool:
        """It cannot be reached; whether that is news. The reason is that of the last attempt."""
        return self._turn("down", reason)

    @property
    def since_when(self) -> str:
        """The time of the last change, for an error."""
        return datetime.fromtimestamp(self.since, UTC).isoformat(timespec="seconds")

    def _turn(self, state: State, reason: str) -> bool:
        is_news = self.state != state
        if is_news:
            self.state, self.since = state, time.time()
        self.reason = reason
        return is_news
