"""When an upstream that keeps failing is left alone, and when it is tried again. Pure: every time is passed in.

Each call that waits for a dead upstream holds a place, a connection and its caller for a whole deadline; once it is
known to be of no use, refusing at once is kinder to all three, and to an upstream that is trying to get up again.
"""

from collections.abc import Mapping
from typing import Literal

State = Literal["closed", "open", "half_open"]
Event = Literal["succeeded", "failed", "tripped", "tried", "left"]

MAX_FAILURES = 5
OPEN_SECONDS = 30.0
MAX_OPEN_SECONDS = 300.0

NEXT: Mapping[tuple[State, Event], State] = {
    ("closed", "succeeded"): "closed",
    ("closed", "failed"): "closed",
    ("closed", "tripped"): "open",
    ("open", "succeeded"): "closed",  # a call that was sent before, or a look beside the calls
    ("open", "tried"): "half_open",
    ("half_open", "succeeded"): "closed",
    ("half_open", "failed"): "open",
    ("half_open", "left"): "open",
}
"""`tripped` is the failure that is one too many; `tried` a call let through as a trial; `left` one without a verdict.
What is not here changes nothing: a failure of a call that was sent before it opened says nothing new."""


class Breaker:
    """Closed, calls pass. Open, none does until `until`. Half open, one does, and decides.

    What ends ten calls at once, as a crash does, is one failure: `noted` counts those that were not of one event.

    Times are seconds of one clock. `since` is when it was last closed or ceased to be; `failures` counts those in a
    row.
    """

    __slots__ = ("_wait", "failures", "noted", "since", "state", "until")

    def __init__(self, now: float = 0.0):
        self.state: State = "closed"
        self.since = now
        self.until = 0.0
        self.failures = 0
        self.noted = 0
        self._wait = OPEN_SECONDS

    def __repr__(self) -> str:
        return f"<Breaker {self.state} failures={self.failures}>"

    def may_try(self, now: float) -> bool:
        """Whether it is open, and the time for a trial has come."""
        return self.state == "open" and now >= self.until

    def tried(self, now: float) -> None:
        """A call is let through as the trial."""
        self._go("tried", now)

    def succeeded(self, now: float) -> None:
        """It answered: all is well, whatever was before."""
        self.failures = 0
        self._wait = OPEN_SECONDS
        self._go("succeeded", now)

    def failed(self, now: float, *, noted: int | None = None, trial: bool = False) -> bool:
        """A call failed; whether that counts. While it is not closed only a trial's failure does.

        `noted` is what it was when the call was sent: if another failure came since, both may be of one event. Without
        it the failure counts for itself.
        """
        if self.state == "closed":
            if noted is not None and noted != self.noted:
                return False
            self._note(now, "tripped" if self.failures + 1 >= MAX_FAILURES else "failed")
            return True
        if trial and self.state == "half_open":
            self._wait = min(2 * self._wait, MAX_OPEN_SECONDS)
            self._note(now, "failed")
            return True
        return False

    def _note(self, now: float, event: Event) -> None:
        self.failures += 1
        self.noted += 1
        self._go(event, now)
        self.until = now + self._wait if self.state == "open" else self.until

    def left(self, now: float) -> None:
        """The trial ended without a verdict: the next call is one."""
        self._go("left", now)

    def _go(self, event: Event, now: float) -> None:
        state = NEXT.get((self.state, event), self.state)
        if state != self.state and "closed" in (state, self.state):
            self.since = now
        self.state = state
