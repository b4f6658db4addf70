"""How often a call may be sent again: rarely, so that retries never become the load that keeps an upstream down."""

import random
from typing import Final

from gateway.errors import UpstreamDown, UpstreamError, UpstreamLost
from gateway.upstream.http_wire import UpstreamHttpError

MAX_RETRIES = 2
# Each call earns a fifth of a retry. What is there at the start lets the first failure of all be mended, and no more
# is saved up than mends a short outage.
EARNED: Final = 0.2
AT_START = 2.0
MOST: Final = 10.0
PAUSES = (0.1, 0.4)
JITTER = 0.5


class RetryBudget:
    """A token bucket: retries are at most 20 % of calls, and two. `spent` counts them."""

    __slots__ = ("_tokens", "spent")

    def __init__(self) -> None:
        self._tokens = AT_START
        self.spent = 0

    def __repr__(self) -> str:
        return f"<RetryBudget spent={self.spent} left={self._tokens:.1f}>"

    def earn(self) -> None:
        """A call was made."""
        if self._tokens < MOST:
            self._tokens += EARNED

    def take(self) -> bool:
        """Spend one retry, if there is one."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        self.spent += 1
        return True


def is_passing(error: UpstreamError) -> bool:
    """Whether the same call may well succeed a moment later."""
    return isinstance(error, UpstreamDown | UpstreamLost) or (
        isinstance(error, UpstreamHttpError) and error.status >= 500
    )


def pause(retry: int) -> float:
    """Seconds before the retry of that number, counted from 0: apart from everybody else's who failed just now."""
    return PAUSES[retry] * random.uniform(1 - JITTER, 1 + JITTER)
