"""Calls of legacy upstreams for modern clients, held while the client looks for an answer.

A legacy upstream asks in the middle of a call (2025-11-25 `client/elicitation` and beside). A modern client hears that
as a result, and sends its request again with the answer (2026-07-28 `basic/patterns/mrtr`); the upstream's call waits
between the two, in this process.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.errors import INVALID_PARAMS, CallGone, UpstreamAnswered, UpstreamBusy, UpstreamLost
from gateway.upstream.asking import ANSWER_SECONDS, modern_question
from gateway.upstream.listener import SILENT, Listener
from gateway.upstream.session import UNKNOWN

log = logging.getLogger(__name__)

MAX_EACH = 10
"""Calls of one principal that wait at one upstream: a person answers one at a time, and each keeps a stream open."""
MAX_ALL = 200
"""Calls that wait at one upstream, as many as it may have sessions."""
KEY = "question"

Send = Callable[[Listener], Coroutine[Any, Any, dict[str, Any]]]


class Owner(NamedTuple):
    """Whose call it is, and of what: only the same request of the same subject goes on with it."""

    subject: str
    method: str
    name: str


class HeldCall:
    """One call, from its first request to its result. It speaks to whichever request its client waits on."""

    def __init__(self, owner: Owner, listener: Listener, send: Send):
        self.owner = owner
        self.listener = listener
        self.question: dict[str, Any] = {}
        self.expiry: asyncio.TimerHandle | None = None
        self._answer: asyncio.Future[dict[str, Any]] | None = None
        self._turned = asyncio.Event()
        work = send(replace(listener, notify=self._notify, ask=self._ask))
        self.task = asyncio.create_task(work, name=f"{owner.method} {owner.name}")
        self.task.add_done_callback(self._done)

    async def turn(self) -> None:
        """Until it has a result or a question."""
        await self._turned.wait()
        self._turned.clear()

    def answer(self, result: dict[str, Any]) -> None:
        """Let it go on."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(result)

    async def _notify(self, method: str, params: dict[str, Any]) -> None:
        await self.listener.notify(method, params)

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.question = modern_question(self.listener.capabilities, method, params)
        self._answer = asyncio.get_running_loop().create_future()
        self._turned.set()
        return await self._answer

    def _done(self, task: asyncio.Task[dict[str, Any]]) -> None:
        if not task.cancelled():
            task.exception()  # perhaps nobody waits for it any more
        if self._answer is not None and not self._answer.done():  # asked beside the call, on a stream that goes on
            self._answer.set_exception(UpstreamAnswered(INVALID_PARAMS, "The call that this belonged to is over"))
        self._turned.set()


class HeldCalls:
    """Those of one upstream."""

    def __init__(self, namespace: str, seconds: float = ANSWER_SECONDS):
        self._namespace = namespace
        self._seconds = seconds
        self._calls: set[HeldCall] = set()
        self._waiting: dict[str, HeldCall] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    async def begin(self, owner: Owner, listener: Listener, send: Send) -> dict[str, Any]:
        """The result of `send`, or the first question. Cancelling this cancels the call.

        Raises:
            UpstreamBusy: it asks, and too many wait already. It has been cancelled.
        """
        call = HeldCall(owner, listener, send)
        self._calls.add(call)
        call.task.add_done_callback(lambda _: self._calls.discard(call))
        return await self._next(call)

    async def resume(self, state: Any, owner: Owner, listener: Listener, answers: Any) -> dict[str, Any]:
        """Go on with the call that waits under `state`; `answers` are the client's `inputResponses`.

        Raises:
            CallGone: none does, or not for this owner.
            UpstreamBusy: as `begin`.
        """
        call = self._waiting.get(state)
        if call is None or call.owner != owner:
            raise self._gone()
        self._release(state)
        if call.task.done():
            raise self._gone()
        answer = answers.get(KEY) if isinstance(answers, Mapping) else None
        if not isinstance(answer, dict):
            return self._hold(call)  # it asks again for what did not come (`basic/patterns/mrtr`)
        call.listener = listener
        call.answer(answer)
        return await self._next(call)

    async def _next(self, call: HeldCall) -> dict[str, Any]:
        try:
            await call.turn()
        except asyncio.CancelledError:
            call.task.cancel()
            raise
        if not call.task.done():
            return self._hold(call)
        if call.task.cancelled():
            raise UpstreamLost(self._namespace, f"was closed. {UNKNOWN}")
        return call.task.result()

    def _hold(self, call: HeldCall) -> dict[str, Any]:
        """The question as a result; what the call tells meanwhile, nobody hears."""
        self._check_room(call)
        state = secrets.token_urlsafe(24)
        self._waiting[state] = call
        call.listener = SILENT
        call.expiry = asyncio.get_running_loop().call_later(self._seconds, self._expire, state)
        return {"resultType": "input_required", "inputRequests": {KEY: call.question}, "requestState": state}

    def _check_room(self, call: HeldCall) -> None:
        own = sum(each.owner.subject == call.owner.subject for each in self._waiting.values())
        if own < MAX_EACH and len(self._waiting) < MAX_ALL:
            return
        call.task.cancel()
        whose = f"{own} calls of yours" if own >= MAX_EACH else f"{len(self._waiting)} calls"
        raise UpstreamBusy(
            self._namespace,
            f"has {whose} waiting for an answer of the user, and asks for one more: this call was cancelled. {UNKNOWN} "
            f"Answer the others, or try again in {self._seconds:g} s.",
        )

    def _release(self, state: str) -> HeldCall:
        call = self._waiting.pop(state)
        assert call.expiry is not None
        call.expiry.cancel()
        return call

    def _expire(self, state: str) -> None:
        """Its client has not come back: cancel it, which tells the upstream."""
        call = self._release(state)
        log.info("upstream %s: gave a call up whose client did not answer in %g s", self._namespace, self._seconds)
        call.task.cancel()

    def _gone(self) -> CallGone:
        return CallGone(
            self._namespace,
            f"does not wait for this answer any more: a call waits for {self._seconds:g} s, in one process. {UNKNOWN} "
            "Find out, then begin again without requestState.",
        )

    async def close(self) -> None:
        """Cancel them all."""
        for state in list(self._waiting):
            self._release(state)
        tasks = [call.task for call in self._calls]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
