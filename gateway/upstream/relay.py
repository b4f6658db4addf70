"""One exchange with one upstream for a caller, in either era: the only code that does this, whichever the door.

It strips what is not the upstream's business, puts its own names in, follows the answer, and puts public names back.
"""

from collections.abc import Awaitable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from mcp.shared.inbound import mcp_param_headers

from gateway.catalog.freshness import call_hints
from gateway.catalog.offers import both
from gateway.catalog.uris import publish_result
from gateway.errors import InvalidRequest, SessionLost, UpstreamAnswered, UpstreamBroken
from gateway.model.route import Route
from gateway.upstream import plain
from gateway.upstream.asking import declared, until_complete
from gateway.upstream.clock import Clock
from gateway.upstream.course import Course, run
from gateway.upstream.held import Owner, Send
from gateway.upstream.listener import SILENT, Listener, Notify, ignore
from gateway.upstream.session import META_RESERVED, Session
from gateway.upstream.shapes import METHODS, is_text, readable
from gateway.upstream.sharing import Caller
from gateway.upstream.tasks import Task, is_task, own_id, publish_task, without_server_info
from gateway.upstream.tracing import upstream_span
from gateway.upstream.upstream import Upstream
from gateway.upstream.visits import visit

# Severities of log messages, RFC 5424 (MCP `server/utilities/logging`).
LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
# These belong to one hop (`basic/index`, `_meta`): the session makes its own.
HOP_KEYS = frozenset({"progressToken"})


@dataclass(init=False, slots=True)
class Exchange:
    """One call to pass on: who it is for, the client's `params`, and who listens meanwhile."""

    caller: Final[Caller]
    params: Final[Mapping[str, Any]]
    listener: Final[Listener]

    def __init__(self, caller: Caller, params: Mapping[str, Any], listener: Listener = SILENT):
        self.caller = caller
        self.params = params
        self.listener = listener


async def exchange(upstream: Upstream, route: Route, call: Exchange) -> dict[str, Any]:
    """The upstream's result for `call`, or its task, under public URIs and ids. Cancelling this cancels the call there.

    A call is sent once. It is sent again only where the upstream says that it forgot the session, so that nothing ran,
    or where `route` says that it may be (`course.py`).

    Raises:
        InvalidRequest: the client's parameters cannot be passed on.
        UpstreamAnswered: the upstream's own JSON-RPC error, as it came.
        UpstreamError: one of its kinds; the message says whether the call may have run.
    """
    method = METHODS[route.kind]
    session = plain.session_for(upstream, route, call.params, call.listener)
    if session is not None:
        result = await plain.result_of(upstream, session, route, method, call.params, call.listener)
    else:
        result = await _with_care(upstream, route, method, call)
    if route.kind == "tool":
        if is_text(result):
            return result
        if is_task(result):
            return _made(upstream, route, call, result)
    try:
        published = publish_result(upstream.namespace, method, call_hints(method, result))
        return readable(upstream.namespace, route.kind, published)
    except UpstreamBroken as error:
        upstream.broken(error)
        raise


def _with_care(upstream: Upstream, route: Route, method: str, call: Exchange) -> Awaitable[dict[str, Any]]:
    """The upstream's result for a call in which there may be more to do than to send it and wait."""
    params = outbound_params(route, call.params)
    headers = _mirrored(upstream, route, params)

    if call.listener.era == "legacy" or upstream.connector.era == "modern":
        return _bounded(upstream, route.repeatable, method, params, call.caller, headers, call.listener)

    send = partial(_bounded, upstream, route.repeatable, method, params, call.caller, headers)
    owner = Owner(call.caller.subject, method, route.original)
    return _in_rounds(upstream, owner, params, _for_upstream(upstream, call.listener), send)


async def _in_rounds(
    upstream: Upstream, owner: Owner, params: dict[str, Any], listener: Listener, send: Send
) -> dict[str, Any]:
    """What a legacy upstream answers a modern client, or asks it: the client sends its request again with answers."""
    answers, state = params.pop("inputResponses", None), params.pop("requestState", None)
    if state is not None:
        return await upstream.held.resume(state, owner, listener, answers)
    if not listener.capabilities:
        return await send(listener)
    return await upstream.held.begin(owner, listener, send)


def _made(upstream: Upstream, route: Route, call: Exchange, task: dict[str, Any]) -> dict[str, Any]:
    try:
        original = own_id(upstream.namespace, task, call.listener)
    except UpstreamBroken as error:
        upstream.broken(error)
        raise
    id = upstream.task_ids.seal(call.caller.subject, Task(upstream.namespace, route.public, original))
    return publish_task(upstream.namespace, id, task)


async def complete(upstream: Upstream, route: Route, call: Exchange) -> dict[str, Any]:
    """The upstream's result of `completion/complete` for an argument of the prompt or template that `route` leads to.

    Raises: as `exchange`.
    """
    by_name = {"type": "ref/prompt", "name": route.original}
    reference = by_name if route.kind == "prompt" else {"type": "ref/resource", "uri": route.original}
    params = {**outbound_params(route, call.params), "ref": reference}
    del params["name" if route.kind == "prompt" else "uri"]
    return await _bounded(upstream, route.repeatable, "completion/complete", params, call.caller, {}, call.listener)


async def follow(upstream: Upstream, task: Task, method: str, id: str, call: Exchange) -> dict[str, Any]:
    """The upstream's result of `tasks/get`, `tasks/update` or `tasks/cancel` for a task that clients know as `id`.

    Raises: as `exchange`.
    """
    params = {**_without_hop(call.params), "taskId": task.original}
    state = await _bounded(upstream, method == "tasks/get", method, params, call.caller, {}, call.listener)
    return publish_task(upstream.namespace, id, state)


async def _bounded(
    upstream: Upstream,
    repeatable: bool,
    method: str,
    params: dict[str, Any],
    caller: Caller,
    headers: Mapping[str, str],
    listener: Listener,
) -> dict[str, Any]:
    """One request, within the upstream's deadline and bounds."""
    course = Course(Clock(upstream.deadline, upstream.bulkhead), repeatable=repeatable)
    hearing = _for_upstream(upstream, listener, course)

    if not upstream.is_traced:
        send = partial(_completed, upstream, caller, method, params, hearing, headers)
        return without_server_info(await run(upstream, course, send))
    with upstream_span(upstream.namespace, method, params) as traced:
        send = partial(_completed, upstream, caller, method, traced, hearing, headers)
        return without_server_info(await run(upstream, course, send))


async def _completed(
    upstream: Upstream,
    caller: Caller,
    method: str,
    params: dict[str, Any],
    listener: Listener,
    headers: Mapping[str, str],
) -> dict[str, Any]:
    """The result, after what the client has to do first: visit the page that a legacy upstream wants visited, or give
    the input that is required, which a legacy client has no other way to hear of."""
    try:
        result = await _send(upstream, caller, method, listener, headers, params)
    except UpstreamAnswered as error:
        if upstream.connector.era == "modern":
            raise
        refusal = error
    else:
        if listener.era == "modern" or result.get("resultType") != "input_required":
            return result
        again = partial(_send, upstream, caller, method, listener, headers)
        return await until_complete(upstream.namespace, again, params, result, listener.ask)
    await visit(upstream.namespace, refusal, listener)
    return await _send(upstream, caller, method, listener, headers, params)


async def _send(
    upstream: Upstream,
    caller: Caller,
    method: str,
    listener: Listener,
    headers: Mapping[str, str],
    params: dict[str, Any],
) -> dict[str, Any]:
    for _ in range(2):
        try:
            async with upstream.session(caller, listener.capabilities) as session:
                try:
                    if listener.log_level is not None and session.era == "legacy":
                        await _set_log_level(session, listener.log_level)
                    return await session.request(method, params, listener, headers)
                except SessionLost:
                    session.closed = True
                    raise
        except SessionLost:
            continue
    raise UpstreamBroken(upstream.namespace, "forgets every session that it gives. Nothing ran; see its own log.")


async def _set_log_level(session: Session, wanted: str) -> None:
    """Tell a legacy upstream the least severe level that anyone in this session wants; others' is filtered here."""
    if "logging" not in session.facts.capabilities:
        return
    if session.log_level is None or LEVELS.index(wanted) < LEVELS.index(session.log_level):
        session.log_level = wanted
        with suppress(UpstreamAnswered):  # it will not: the call can do without
            await session.request("logging/setLevel", {"level": wanted}, SILENT, {})


def outbound_params(route: Route, params: Mapping[str, Any]) -> dict[str, Any]:
    """`params` under the upstream's own name for the thing, with no `_meta` key that belongs to our connection.

    Raises:
        InvalidRequest: `_meta` or `arguments` is no object.
    """
    key = "uri" if route.kind in ("resource", "template") else "name"
    own = _without_hop(params)
    own[key] = route.original
    _check_object("arguments", params.get("arguments"))
    own.pop("task", None)  # how a legacy client asks for a task of its era (2025-11-25), which is none that we relay
    return own


def _without_hop(params: Mapping[str, Any]) -> dict[str, Any]:
    own = dict(params)
    meta = own.pop("_meta", None)
    _check_object("_meta", meta)
    if meta:
        kept = {k: v for k, v in meta.items() if not k.startswith(META_RESERVED) and k not in HOP_KEYS}
        if kept:
            own["_meta"] = kept
    return own


def _check_object(name: str, value: Any) -> None:
    # An abstract class is slow to ask, and most are these.
    if type(value) is not dict and value is not None and not isinstance(value, Mapping):
        raise InvalidRequest(f"params.{name} must be an object.")


def _for_upstream(upstream: Upstream, listener: Listener, course: Course | None = None) -> Listener:
    """The client's listener, hearing what it asked for, and declaring only what can be asked across the eras.

    Of a call that runs, its `course` knows when it waits for the client.
    """
    if listener.log_level is not None and listener.log_level not in LEVELS:
        raise InvalidRequest(f"The log level must be one of {', '.join(LEVELS)}.")
    asked = {} if upstream.mixes_callers else declared(listener, upstream.connector.era)
    capabilities = both(asked, upstream.listing.capabilities)
    ask = listener.ask if course is None else partial(_asked, upstream, listener, course)
    notify = _only_wanted(listener, course) if listener.progress or listener.log_level is not None else ignore
    return Listener(notify, ask, listener.era, capabilities, listener.log_level, listener.progress)


async def _asked(
    upstream: Upstream, listener: Listener, course: Course, method: str, params: dict[str, Any]
) -> dict[str, Any]:
    upstream.answered()  # who asks is well, however long the user takes
    if listener.era == "legacy":
        upstream.visits.asked(params, listener.notify)
    with course.with_client():
        return await course.clock.unhurried(listener.ask, method, params)


def _mirrored(upstream: Upstream, route: Route, params: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a tool wants some of its arguments repeated in (`basic/transports/streamable-http`)."""
    wanted = upstream.header_maps.get(route.original) if route.kind == "tool" else None
    return mcp_param_headers(wanted, params.get("arguments") or {}) if wanted is not None else {}


def _only_wanted(listener: Listener, course: Course | None) -> Notify:
    """`listener.notify` for the notifications that its client asked for."""
    least = LEVELS.index(listener.log_level) if listener.log_level is not None else len(LEVELS)
    return partial(_notified, listener, course, least)


async def _notified(listener: Listener, course: Course | None, least: int, method: str, params: dict[str, Any]) -> None:
    level = params.get("level") if method == "notifications/message" else None
    if (method == "notifications/progress" and listener.progress) or (level in LEVELS and LEVELS.index(level) >= least):
        with course.with_client() if course is not None else nullcontext():
            await listener.notify(method, params)
