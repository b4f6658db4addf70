"""Whether a call may be sent to an upstream now: not while it is suspended, nor before the time that it asked for."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import (
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
    UpstreamRefused,
    UpstreamSuspended,
    UpstreamTimeout,
    UpstreamTooLarge,
)
from gateway.upstream.breaker import MAX_OPEN_SECONDS, Breaker, State
from gateway.upstream.http_wire import UpstreamHttpError

# An upstream may ask for any time with its 429; past this one it is asked again, as a suspended one is.
MAX_LIMITED_SECONDS = MAX_OPEN_SECONDS
FAILURES = (UpstreamDown, UpstreamTimeout, UpstreamLost, UpstreamBroken)
# These show that an upstream is there; the rest, such as having no place for a call, is the gateway's own word.
ANSWERS = (UpstreamRefused, UpstreamLimited, UpstreamTooLarge, UpstreamHttpError)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a call that was let through has to show at its end."""

    noted: int
    trial: bool = False


@dataclass(frozen=True, slots=True)
class GateState:
    """How a gate stands: since when (POSIX seconds), why, and in how many seconds it is tried again."""

    state: State
    since: float
    failures: int
    reason: str
    tried_in: float


class Gate:
    """A breaker, and the Retry-After of the last 429, before every call of one upstream.

    `check` refuses what needs not even wait for a place; `enter` lets one call through, and may make it the trial.
    """

    __slots__ = ("_breaker", "_clock", "_free", "_limited_until", "_namespace", "_reason")

    def __init__(self, namespace: str, clock: Callable[[], float] = time.monotonic):
        self._namespace = namespace
        self._clock = clock
        self._breaker = Breaker(clock())
        self._free = Pass(0)
        self._reason = ""
        self._limited_until = 0.0

    def __repr__(self) -> str:
        return f"<Gate {self._breaker.state} failures={self._breaker.failures}>"

    @property
    def is_open(self) -> bool:
        """Whether calls pass freely."""
        return self._breaker.state == "closed" and not self._limited_until

    def check(self) -> None:
        """Let a call wait for its place.

        Raises:
            UpstreamSuspended: it failed too often in a row.
            UpstreamLimited: it asked to be left alone for a while.
        """
        if not self.is_open:
            self._refuse(self._clock())

    def enter(self) -> Pass:
        """Let a call be sent. How it ends has to be told with `failed` or `answered`, and by a trial with `left` too.

        Raises: as `check`.
        """
        if self.is_open:
            return self._free
        now = self._clock()
        self._refuse(now)
        if self._breaker.state == "closed":
            return self._free
        self._breaker.tried(now)
        return Pass(self._breaker.noted, trial=True)

    def answered(self) -> None:
        """It answered something that makes sense, be it an error of its own."""
        if self._breaker.failures:
            self._breaker.succeeded(self._clock())
            self._reason = ""

    def failed(self, error: UpstreamError, passed: Pass) -> bool:
        """A call ended with that error; whether it suspends the upstream."""
        if not is_failure(error):
            if isinstance(error, UpstreamLimited):
                self.limit(error)
            if isinstance(error, ANSWERS):
                self.answered()
            return False
        was_closed = self._breaker.state == "closed"
        # Each deadline that passes is one that the upstream let pass; the rest may be many calls' end by one event.
        noted = None if isinstance(error, UpstreamTimeout) else passed.noted
        if self._breaker.failed(self._clock(), noted=noted, trial=passed.trial):
            self._reason = error.reason
            self._free = Pass(self._breaker.noted)
        return was_closed and self._breaker.state == "open"

    def limit(self, error: UpstreamLimited) -> None:
        """It wants no calls for a while."""
        seconds = error.data.get("retry_after")
        if isinstance(seconds, int) and seconds:
            until = self._clock() + min(seconds, MAX_LIMITED_SECONDS)
            self._limited_until = max(self._limited_until, until)

    def left(self) -> None:
        """The trial is over: if nothing was told of it, the next call is one."""
        self._breaker.left(self._clock())

    def state(self) -> GateState:
        """How it stands now."""
        breaker, now = self._breaker, self._clock()
        tried_in = max(breaker.until - now, 0.0) if breaker.state == "open" else 0.0
        return GateState(breaker.state, self._posix(breaker.since, now), breaker.failures, self._reason, tried_in)

    def limited_for(self) -> float:
        """For how many seconds yet the upstream wants no calls."""
        return max(self._limited_until - self._clock(), 0.0) if self._limited_until else 0.0

    def _refuse(self, now: float) -> None:
        if self._limited_until > now:
            raise _limited(self._namespace, self._limited_until - now)
        self._limited_until = 0.0
        if self._breaker.state == "closed" or self._breaker.may_try(now):
            return
        raise self._suspended(now)

    def _suspended(self, now: float) -> UpstreamSuspended:
        since = datetime.fromtimestamp(self._posix(self._breaker.since, now), UTC).isoformat(timespec="seconds")
        left = max(math.ceil(self._breaker.until - now), 1)
        when = f"in {left} s" if self._breaker.state == "open" else "right now; wait for how that ends"
        return UpstreamSuspended(
            self._namespace,
            f"failed {self._breaker.failures} times in a row and is left alone since {since}. "
            f"It is tried again {when}. Nothing was sent. The last failure: it {self._reason}",
            since=since,
            retry_after=left,
        )

    def _posix(self, then: float, now: float) -> float:
        return time.time() - (now - then)


def is_failure(error: UpstreamError) -> bool:
    """Whether it says that the upstream cannot answer; not that it would not, or that the gateway did not ask."""
    return isinstance(error, FAILURES) or (isinstance(error, UpstreamHttpError) and error.status >= 500)


def _limited(namespace: str, seconds: float) -> UpstreamLimited:
    left = max(math.ceil(seconds), 1)
    return UpstreamLimited(
        namespace, f"is limiting us. It wants no calls for another {left} s; nothing was sent.", retry_after=left
    )
