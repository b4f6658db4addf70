"""When a program that keeps ending by itself may be started again. Pure: it is told the time and what happened."""

from collections import deque

# Waits between a program's end and its next start, by how often in a row it ended soon after it was started.
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
# One that ran for so long ended for a reason of its own, and not because it cannot run.
STEADY_SECONDS = 60.0
# So many ends in so many seconds, and it rests: each further start would most likely be lost, and costs a core.
MOST_CRASHES = 5
CRASHES_SECONDS = 60.0
REST_SECONDS = (30.0, 60.0, 120.0, 240.0, 300.0)


class Restarts:
    """One program's ends, whoever its processes run for. Times are in seconds of any clock that goes on."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=MOST_CRASHES)
        self.in_a_row = 0
        """How often it ended without having run steadily in between."""
        self._rests = 0
        self._earliest = 0.0
        self.words = ""
        """What was said of the last end."""

    def __repr__(self) -> str:
        return f"<Restarts in_a_row={self.in_a_row} rests={self._rests}>"

    def ended(self, now: float, words: str) -> None:
        """It ended by itself."""
        if self._recent and now - self._recent[-1] > self._calm():
            self.in_a_row = self._rests = 0
        self._recent.append(now)
        self.in_a_row += 1
        self.words = words
        self._earliest = now + self._pause(now)

    def wait(self, now: float) -> float:
        """Seconds until it may be started; 0 if it may be now."""
        return max(0.0, self._earliest - now)

    def _pause(self, now: float) -> float:
        often = len(self._recent) == MOST_CRASHES and now - self._recent[0] <= CRASHES_SECONDS
        if often or self._rests:  # after a rest, one start is a trial
            self._rests += 1
            return REST_SECONDS[min(self._rests, len(REST_SECONDS)) - 1]
        return BACKOFF_SECONDS[min(self.in_a_row, len(BACKOFF_SECONDS)) - 1]

    def _calm(self) -> float:
        """Seconds without an end, its rest left out, after which it counts as well."""
        rest = REST_SECONDS[min(self._rests, len(REST_SECONDS)) - 1] if self._rests else 0.0
        return STEADY_SECONDS + rest
