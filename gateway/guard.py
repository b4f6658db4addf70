"""The guard: every call to a service or an upstream passes here exactly once, to be admitted, timed and recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from gateway.errors import AuditUnavailable, Forbidden, GatewayError, Stopping
from gateway.ground.oneloop import OneLoop
from gateway.model.call import Call
from gateway.model.event import CallEvent, Outcome
from gateway.model.principal import Principal
from gateway.model.route import Route
from gateway.observe.audit import Audit
from gateway.observe.logs import get_logger
from gateway.policy.authorize import decide
from gateway.running import Running

log = get_logger(__name__)

STOPPING = (
    "The gateway is being stopped and the call took longer than that may take. It is not known whether the call ran. "
    "Look before you send it again."
)

T = TypeVar("T")
Sink = Callable[[CallEvent], None]


class Guard:
    """Admits, times and records calls. Sinks hear of every call that ended, however it did; so does `audit`, the last.

    Where the audit is required, it hears of each call before anything else happens, and may refuse it.
    """

    def __init__(self, sinks: Sequence[Sink] = (), audit: Audit | None = None):
        self._sinks: tuple[Sink, ...] = tuple(sinks) if audit is None else (*sinks, audit)
        self._audit = audit
        self._begin = audit.begin if audit is not None and audit.required else None
        self._running = Running()
        self._loop = OneLoop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopped: set[asyncio.Task[Any]] = set()
        self.finished = 0

    def __repr__(self) -> str:
        return f"<Guard running={self.running} finished={self.finished}>"

    @property
    def running(self) -> int:
        """How many calls have begun and not ended."""
        return self._running.total

    async def ended(self, namespace: str) -> None:
        """Until every call to `namespace` that runs now has ended; those that begin from now on are not waited for."""
        await self._running.ended(namespace)

    def may_see(self, principal: Principal, route: Route) -> bool:
        """Whether a list shows `route` to `principal`: what it may not call, it does not see."""
        return decide(principal, route).allowed

    async def call(self, call: Call, run: Callable[[], Awaitable[T]], is_error: Callable[[T], bool]) -> T:
        """Run one admitted call; `is_error` tells a result that reports a failure of the tool's own.

        Raises:
            AuditUnavailable: the audit is required and cannot be written.
            Forbidden: the principal has none of the scopes that the route needs.
            Stopping: `stop` was called before the call had ended.
        """
        at, began = time.time(), time.perf_counter()
        outcome: Outcome = "error"
        error = ""
        task, running = self._enter(), self._running.enter(call.route.namespace)
        try:
            if self._begin is not None:
                self._begin(call, at)
            self._admit(call)
            result = await run()
            outcome = "tool_error" if is_error(result) else "ok"
            return result
        except (AuditUnavailable, Forbidden) as refusal:
            outcome, error = "refused", refusal.kind
            raise
        except GatewayError as failure:
            outcome, error = "error", failure.kind
            raise
        except asyncio.CancelledError:
            if task is not None and task in self._stopped:
                task.uncancel()
                error = Stopping.kind
                raise Stopping(STOPPING) from None
            outcome = "cancelled"
            raise
        except Exception:
            outcome = "tool_error"  # a service's own failure; its caller gets it, so it goes on as it is
            raise
        finally:
            self._running.leave(running)
            self._leave(task)
            self.finished += 1
            self._record(call, at, time.perf_counter() - began, outcome, error)

    def _enter(self) -> asyncio.Task[Any] | None:
        """The task that `stop` would cancel; none for a call within a call, which ends with it."""
        task = self._loop.task()
        if task is None or task in self._tasks:
            return None
        self._tasks.add(task)
        return task

    def _leave(self, task: asyncio.Task[Any] | None) -> None:
        if task is not None:
            self._tasks.discard(task)
            if self._stopped:
                self._stopped.discard(task)

    def refusal(self, call: Call) -> Forbidden | None:
        """Why this call is not admitted, recorded as its end; None, and no record, where it is admitted."""
        try:
            self._admit(call)
        except Forbidden as refusal:
            self.finished += 1
            self._record(call, time.time(), 0.0, "refused", refusal.kind)
            return refusal
        return None

    def stop(self) -> None:
        """End every call that runs now with an error of its own: what comes next would cut it off without a word."""
        self._stopped |= self._tasks
        for task in self._tasks:
            task.cancel()

    def close(self) -> None:
        """Close the audit: no call comes any more."""
        if self._audit is not None:
            self._audit.close()

    def _admit(self, call: Call) -> None:
        decision = decide(call.principal, call.route)
        if not decision.allowed:
            raise Forbidden(
                f"'{call.route.public}' {decision.reason}. Ask whoever runs the gateway for a key with one of them.",
                required_scopes=list(decision.required),
            )

    def _record(self, call: Call, at: float, seconds: float, outcome: Outcome, error: str) -> None:
        route, principal = call.route, call.principal
        event = CallEvent(
            call.request_id,
            at,
            seconds,
            route.kind,
            route.owner,
            route.namespace,
            route.public,
            principal.subject,
            principal.proof,
            call.era,
            outcome,
            error,
        )
        for sink in self._sinks:
            try:
                sink(event)
            except Exception:  # a broken sink must not fail a call that went well
                log.exception("a sink failed", sink=repr(sink))
