"""The course of one call at an upstream: within its deadline, its bounds and its breaker, and again where that is safe.

On the good path this costs one deadline and a few comparisons: no task, no timer for retries.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from gateway.errors import UpstreamAnswered, UpstreamError, UpstreamTimeout
from gateway.upstream.asking import ANSWER_SECONDS
from gateway.upstream.clock import Clock
from gateway.upstream.gate import Pass
from gateway.upstream.retries import MAX_RETRIES, is_passing, pause
from gateway.upstream.session import UNKNOWN
from gateway.upstream.upstream import Upstream

T = TypeVar("T")
Send = Callable[[], Awaitable[T]]


class Course:
    """How one call goes. `clock` has its time and place; `repeatable` is the route's word that it may be sent twice.

    `told` says that the client heard something of the answer, which must not begin anew then.
    """

    __slots__ = ("_at_client", "clock", "repeatable", "told")

    def __init__(self, clock: Clock, *, repeatable: bool):
        self.clock = clock
        self.repeatable = repeatable
        self.told = False
        self._at_client = 0

    @contextmanager
    def with_client(self) -> Generator[None]:
        """While something of the answer is given to the client, or it is asked. May run in a task of its own."""
        self.told = True
        self._at_client += 1
        try:
            yield
        except asyncio.CancelledError:
            raise  # the call ended meanwhile, and was waiting here
        except BaseException:  # whatever it was, nothing waits for the client any more
            self._at_client -= 1
            raise
        self._at_client -= 1

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client that the call waits for, or waited for when it ended."""
        return self._at_client > 0


async def run(upstream: Upstream, course: Course, send: Send[T]) -> T:
    """The result of `send()`; what became of it tells how the upstream does.

    Raises:
        UpstreamAnswered: the upstream's own JSON-RPC error.
        UpstreamError: one of its kinds; the message says whether the call may have run.
    """
    passed: Pass | None = None
    try:
        with course.clock as clock:
            if not clock.has_place():
                upstream.gate.check()
                await clock.place()
            passed = upstream.gate.enter()  # it may have waited for long
            upstream.retries.earn()
            try:
                result = await send()
            except UpstreamError as error:
                result = await _again(upstream, course, passed, send, error)
        upstream.answered()
        return result
    except UpstreamError as error:
        raise upstream.failed(error, passed) if passed is not None else error from error
    except UpstreamAnswered:
        upstream.answered()
        raise
    except TimeoutError:
        if passed is None:
            raise upstream.bulkhead.refusal() from None
        late = _late(upstream, course)
        raise late if course.waits_for_client else upstream.failed(late, passed) from None
    finally:
        if passed is not None and passed.trial:
            upstream.gate.left()


async def _again(upstream: Upstream, course: Course, passed: Pass, send: Send[T], error: UpstreamError) -> T:
    """A call is sent again only if that does no harm, nothing of its answer was given away, and few others are."""
    may_be_sent_again = course.repeatable and not passed.trial and upstream.health.state != "down"
    for retry in range(MAX_RETRIES if may_be_sent_again else 0):
        seconds = pause(retry)
        if course.told or course.clock.left() <= seconds or not is_passing(error) or not upstream.retries.take():
            break
        await asyncio.sleep(seconds)
        try:
            return await send()
        except UpstreamError as another:
            error = another
    raise error


def _late(upstream: Upstream, course: Course) -> UpstreamTimeout:
    if course.clock.asking:
        return UpstreamTimeout(
            upstream.namespace, f"asked the user in mid-call, and had no answer in {ANSWER_SECONDS:g} s. {UNKNOWN}"
        )
    seconds = f"{upstream.config.deadline:g} s"
    return UpstreamTimeout(upstream.namespace, f"did not answer within {seconds}. {UNKNOWN} Its deadline is a setting.")
