"""Plain calls: to a modern upstream over HTTP, for a client that wants to hear nothing but the result.

Nearly all are. What the relay does for the others would cost such a call more than all else does; the course that it
takes is the same.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from gateway.catalog.offers import both
from gateway.model.route import Kind, Route
from gateway.upstream.asking import declared
from gateway.upstream.clock import Clock
from gateway.upstream.course import Course, run
from gateway.upstream.listener import SILENT, Listener
from gateway.upstream.modern import ModernSession
from gateway.upstream.session import META_CAPABILITIES, META_CLIENT, META_PROTOCOL
from gateway.upstream.tasks import without_server_info
from gateway.upstream.upstream import Upstream

# What a plain call may hold, and of that what is its connection's own and goes nowhere. An answer to a question
# (`basic/patterns/mrtr`) or a task has more.
MEMBERS: Final[Mapping[Kind, frozenset[str]]] = {
    "tool": frozenset({"name", "arguments", "_meta"}),
    "resource": frozenset({"uri", "_meta"}),
    "prompt": frozenset({"name", "arguments", "_meta"}),
    "template": frozenset(),
}
OWN_META: Final = frozenset({META_PROTOCOL, META_CLIENT, META_CAPABILITIES})
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def session_for(
    upstream: Upstream, route: Route, params: Mapping[str, Any], listener: Listener
) -> ModernSession | None:
    """The session for a call with these `params`, if it is a plain one. Such a session holds no state, so whoever may
    call can use it, and it need not be asked of the pool."""
    session = upstream.modern
    if session is None or session.closed or upstream.is_traced or listener.progress or listener.log_level is not None:
        return None
    if listener.era != "modern" or not params.keys() <= MEMBERS[route.kind] or route.original in upstream.header_maps:
        return None
    meta, arguments = params.get("_meta"), params.get("arguments")
    if (meta is not None and (type(meta) is not dict or not meta.keys() <= OWN_META)) or (
        arguments is not None and type(arguments) is not dict
    ):
        return None
    return session


async def result_of(
    upstream: Upstream, session: ModernSession, route: Route, method: str, params: Mapping[str, Any], listener: Listener
) -> dict[str, Any]:
    """The upstream's result. Raises what `course.run` does."""
    own = {"uri" if route.kind == "resource" else "name": route.original}
    if "arguments" in params:
        own["arguments"] = params["arguments"]
    capabilities = both(declared(listener, "modern"), upstream.listing.capabilities) if listener.capabilities else None
    hearing = Listener(capabilities=capabilities) if capabilities else SILENT
    course = Course(Clock(upstream.deadline, upstream.bulkhead), repeatable=route.repeatable)
    send = partial(session.request, method, own, hearing, NO_HEADERS)
    return without_server_info(await run(upstream, course, send))
