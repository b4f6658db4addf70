"""How far apart looks are that an upstream asks for by saying that its lists changed. Pure: it is told the time."""

import random
from collections.abc import Callable

# The first look is at once. While it is told of changes already before the pause after a look is over, the pauses grow:
# hardly at first, for some change a list in a few steps, and then fast. The longest and the look after it keep within
# the 10 s in which a changed tool is promised to be there.
APART_SECONDS = (0.05, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# Replicas and workers hear the same upstream, and would all ask it in the same moment: up to so much longer.
JITTER = 0.2


class Spacing:
    """One upstream's looks because of changes. Times are in seconds of any clock that goes on.

    `chance` gives a number from 0 to 1.
    """

    def __init__(self, chance: Callable[[], float] = random.random):
        self._chance = chance
        self._earliest = 0.0
        self._in_a_row = 0

    def __repr__(self) -> str:
        return f"<Spacing in_a_row={self._in_a_row}>"

    def wait(self, now: float) -> float:
        """Seconds until the look at a change that was just told of. To be asked once for each look."""
        wait = max(0.0, self._earliest - now)
        self._in_a_row = self._in_a_row + 1 if wait else 0
        return wait

    def looked(self, now: float) -> None:
        """Such a look is over."""
        apart = APART_SECONDS[min(self._in_a_row, len(APART_SECONDS) - 1)]
        self._earliest = now + apart * (1 + JITTER * self._chance())
