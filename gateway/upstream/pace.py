"""A share of the event loop for one talker, so that whoever talks without end is heard slowly and holds up nobody."""

import asyncio

# A tenth of the loop is 10,000 small messages a second, or 25 MiB of large ones: more than a program says that answers
# calls. What it says in a burst goes through at full speed, in slices between which others have their turn.
SHARE = 0.1
BURST_SECONDS = 0.02
SLICE_SECONDS = 0.00025
# Past the burst it works for so long at a time. A pause after each message would be one turn of the loop a message, and
# the turns cost more than the messages: others were 1.6 times slower at the median.
TURN_SECONDS = 0.002
MOST_SECONDS = 0.1  # of debt beyond the burst, so that no pause is much longer than a second


class Pace:
    """A leaky bucket of seconds spent on one talker; past `BURST_SECONDS` it waits until its share allows more."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._debt = 0.0
        self._slice = 0.0
        self._seen = self._clock()
        self._began = self._seen

    def begin(self) -> None:
        """Work for it begins."""
        self._began = self._clock()

    async def spent(self) -> None:
        """It is done, or a part of it: give the loop to others where it is their turn."""
        now = self._clock()
        cost = now - self._began
        self._debt = min(max(0.0, self._debt - (now - self._seen) * SHARE) + cost, BURST_SECONDS + MOST_SECONDS)
        self._slice += cost
        self._seen = now
        if self._debt > BURST_SECONDS:
            self._slice = 0.0
            await asyncio.sleep((self._debt - BURST_SECONDS + TURN_SECONDS) / SHARE)
        elif self._slice > SLICE_SECONDS:
            self._slice = 0.0
            await asyncio.sleep(0)
        self.begin()
