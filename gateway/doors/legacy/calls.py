"""Calls of legacy clients to upstreams over HTTP: through the guard and the relay, and back in shapes of their era."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from gateway.catalog.eras import legacy_tool_result
from gateway.doors.companion import MOMENT_SECONDS
from gateway.doors.legacy.inbound import LegacyCall
from gateway.doors.legacy.reply import LegacyReply
from gateway.doors.legacy.sessions import Request, Session
from gateway.doors.midcall import LogLevels, notification
from gateway.doors.reply import is_tool_error
from gateway.doors.requests import NAMES
from gateway.doors.routes import Lead
from gateway.doors.serving import Serving
from gateway.errors import Forbidden, GatewayError, UpstreamError
from gateway.ground.overdue import Overdue
from gateway.model.call import Call
from gateway.model.principal import Principal
from gateway.observe.redact import REDACTOR
from gateway.observe.request_ids import request_id
from gateway.upstream.listener import Listener
from gateway.upstream.messages import Id
from gateway.upstream.relay import Exchange, exchange
from gateway.upstream.session import VISITED
from gateway.upstream.sharing import Caller

# Members of a result that only the modern era has.
MODERN_MEMBERS: Final = frozenset({"resultType", "ttlMs", "cacheScope"})


class LegacyCalls:
    """Answers calls.

    Args:
        levels: of log messages, as each session set them at the main door.
        metadata: where clients read how to get a token; None where that is nowhere.
    """

    def __init__(self, serving: Serving, levels: LogLevels, metadata: str | None):
        self._serving = serving
        self._levels = levels
        self._metadata = metadata
        self._young = Overdue(MOMENT_SECONDS)

    async def answer(
        self, session: Session, principal: Principal, call: LegacyCall, lead: Lead, reply: LegacyReply
    ) -> None:
        """Answer a call of the session, which is `principal`'s."""
        route, _ = lead
        guarded = Call(request_id.get(), route, principal, "legacy")
        run = partial(self._relay, session, principal, call, lead, reply)
        request = Request(session, call.id, reply, self._young)
        end: Callable[[], Awaitable[None]]
        with session.transport:
            try:
                with request:
                    result = await self._serving.guard.call(guarded, run, is_tool_error)
            except asyncio.CancelledError:
                if request.ended is None:
                    raise
                request.task.uncancel()
                end = partial(reply.error, *request.ended)
            except Forbidden as error:
                end = partial(reply.refused, error, route, self._metadata)
            except UpstreamError as error:
                end = partial(reply.error, error.code, REDACTOR.text(error.message), error.data)
            except GatewayError as error:
                end = partial(reply.error, error.code, error.message, error.data)
            else:
                end = partial(reply.result, result)
            await end()  # not within `except`: see docs/adr/0011-an-optional-compiled-build.md

    async def _relay(
        self, session: Session, principal: Principal, call: LegacyCall, lead: Lead, reply: LegacyReply
    ) -> dict[str, Any]:
        route, upstream = lead
        params = {NAMES[call.kind]: route.public, "_meta": call.meta}
        if call.kind != "resource":
            params["arguments"] = call.params.get("arguments") or {}
        listener = self._listener(session, call, reply)
        result = await exchange(upstream, route, Exchange(Caller(principal.subject, session.id), params, listener))
        if route.kind == "tool":
            result = legacy_tool_result(result)
        if result.keys().isdisjoint(MODERN_MEMBERS):
            return result
        return {name: value for name, value in result.items() if name not in MODERN_MEMBERS}

    def _listener(self, session: Session, call: LegacyCall, reply: LegacyReply) -> Listener:
        token = call.progress_token
        notify = partial(_notify, session, reply, token)
        ask = partial(session.questions.ask, reply)
        log_level = self._levels.get(session.id)
        return Listener(notify, ask, "legacy", session.capabilities, log_level, token is not None)


async def _notify(session: Session, reply: LegacyReply, token: Id | None, method: str, params: dict[str, Any]) -> None:
    told = notification(method, params, token)
    if told is not None:
        said = told.params.model_dump(by_alias=True, mode="json", exclude_none=True)
        # A visit may be done when the call is long over: that is told beside it.
        say = session.transport.tell if method == VISITED else reply.say
        await say({"jsonrpc": "2.0", "method": method, "params": said})
