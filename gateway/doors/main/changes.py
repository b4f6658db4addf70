"""Tell clients what changed: modern ones that listen for it, and legacy ones simply while their session is open.

Lists change when the catalog does; a resource is told of to whoever watches it (2026-07-28
`basic/patterns/subscriptions`; 2025-11-25 `server/tools`, `server/resources`).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import mcp_types as types
from fastmcp.server.dependencies import get_access_token
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import event_to_notification
from mcp_types import INVALID_PARAMS

from gateway.catalog.catalog import Catalog, Diff
from gateway.doors.serving import Serving
from gateway.model.route import Route
from gateway.observe.logs import get_logger
from gateway.policy.proof import principal_of

log = get_logger(__name__)

Context = ServerRequestContext[Any, Any]
Watched = dict[str, Route | None]
"""What a session watches, by public URI."""

EVENTS: dict[str, ServerEvent] = {
    "tool": ToolsListChanged(),
    "prompt": PromptsListChanged(),
    "resource": ResourcesListChanged(),
    "template": ResourcesListChanged(),
}
# A legacy client that does not read must not hold up what the others are told.
SEND_SECONDS = 1.0
MAX_WATCHED = 100


class Changes:
    """The SDK's subscription bus, filled from the catalog and from upstreams, and the legacy sessions beside it."""

    def __init__(self, serving: Serving):
        self._serving = serving
        self._catalog = serving.catalog
        self._listeners: dict[object, Callable[[ServerEvent], None]] = {}
        self._sessions: dict[int, tuple[ServerSession, Watched]] = {}
        self._waiting: dict[ServerEvent, None] = {}  # in order; what waits already need not be said twice
        self._news = asyncio.Event()
        self._listen = ListenHandler(self)

    def serve(self, server: Server[Any]) -> None:
        """Register what clients call."""
        server.add_request_handler("subscriptions/listen", types.SubscriptionsListenRequestParams, self._on_listen)
        server.add_request_handler("resources/subscribe", types.SubscribeRequestParams, self._on_subscribe)
        server.add_request_handler("resources/unsubscribe", types.UnsubscribeRequestParams, self._on_unsubscribe)
        server.add_notification_handler("notifications/initialized", types.NotificationParams, self._on_initialized)

    # what changed

    def catalog_changed(self, catalog: Catalog) -> None:
        """Tell of the lists in which the new catalog differs."""
        older, self._catalog = self._catalog, catalog
        for event in _events(older.diff(catalog)):
            self.tell(event)

    def resource_changed(self, uri: str) -> None:
        """Tell whoever watches the public `uri`."""
        self.tell(ResourceUpdated(uri=uri))

    def tell(self, event: ServerEvent) -> None:
        """Hand `event` to all that listen now, and to the task that tells legacy sessions."""
        for listener in list(self._listeners.values()):
            listener(event)
        if any(_concerns(event, watched) for _, watched in self._sessions.values()):
            self._waiting[event] = None
            self._news.set()

    # mcp.server.subscriptions.SubscriptionBus

    async def publish(self, event: ServerEvent) -> None:
        self.tell(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        token = object()
        self._listeners[token] = listener

        def unsubscribe() -> None:
            self._listeners.pop(token, None)

        return unsubscribe

    # modern clients

    async def _on_listen(
        self, context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        uris = [uri for uri in params.notifications.resource_subscriptions or () if self._may_watch(uri)]
        allowed = params.notifications.model_copy(update={"resource_subscriptions": uris[:MAX_WATCHED]})
        watched = [self._watch(uri) for uri in uris[:MAX_WATCHED]]
        try:
            return await self._listen(context, params.model_copy(update={"notifications": allowed}))
        finally:
            for route in watched:
                self._unwatch(route)

    # legacy clients

    async def _on_initialized(self, context: Context, _: types.NotificationParams) -> None:
        self._session_of(context)

    async def _on_subscribe(self, context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        watched = self._session_of(context)
        if len(watched) >= MAX_WATCHED:
            raise MCPError(code=INVALID_PARAMS, message=f"A session may watch {MAX_WATCHED} resources at most.")
        if not self._may_watch(str(params.uri)):
            raise MCPError(code=INVALID_PARAMS, message="There is no such resource, or it is not yours to read.")
        if str(params.uri) not in watched:
            watched[str(params.uri)] = self._watch(str(params.uri))
        return types.EmptyResult()

    async def _on_unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        self._unwatch(self._session_of(context).pop(str(params.uri), None))
        return types.EmptyResult()

    def _session_of(self, context: Context) -> Watched:
        """What a legacy session watches; it is known from its first word to its end."""
        connection = context.session._connection  # the SDK has no public name for it; FastMCP uses it too
        known = self._sessions.get(id(connection))
        if known is None:
            known = (context.session, {})
            self._sessions[id(connection)] = known
            connection.exit_stack.callback(self._forget, id(connection))
        return known[1]

    def _forget(self, identity: int) -> None:
        _, watched = self._sessions.pop(identity)
        for route in watched.values():
            self._unwatch(route)

    @asynccontextmanager
    async def told(self) -> AsyncGenerator[None]:
        """While this is open, legacy sessions are told; at its end, listening ends with a word."""
        task = asyncio.create_task(self._tell_sessions(), name="changes to legacy sessions")
        try:
            yield
        finally:
            self._listen.close()
            task.cancel()
            await asyncio.wait([task])

    async def _tell_sessions(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            waiting, self._waiting = self._waiting, {}
            for event in waiting:
                told = [session for session, watched in self._sessions.values() if _concerns(event, watched)]
                await asyncio.gather(*(self._send(session, event) for session in told))

    async def _send(self, session: ServerSession, event: ServerEvent) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                try:
                    await session.send_notification(event_to_notification(event, {}))
                except Exception:  # one client that is going must not keep the others from hearing
                    log.debug("a session could not be told", exc_info=True)

    # upstreams

    def _may_watch(self, uri: str) -> bool:
        route = self._serving.catalog.resource(uri)
        return route is not None and self._serving.guard.may_see(principal_of(get_access_token()), route)

    def _watch(self, uri: str) -> Route | None:
        """What has to be given to `_unwatch`; None where there is no upstream that could tell of changes."""
        route = self._serving.catalog.resource(uri)
        if route is None or route.owner != "upstream":
            return None
        self._serving.upstreams[route.namespace].watcher.watch(route.original)
        return route

    def _unwatch(self, route: Route | None) -> None:
        """The catalog may not have it any more: an upstream that was switched off counts who watches all the same."""
        upstream = self._serving.upstreams.get(route.namespace) if route is not None else None
        if route is not None and upstream is not None:
            upstream.watcher.unwatch(route.original)


def _concerns(event: ServerEvent, watched: Watched) -> bool:
    return not isinstance(event, ResourceUpdated) or event.uri in watched


def _events(diff: Diff) -> Iterable[ServerEvent]:
    kinds = {each.partition(" ")[0] for each in (*diff.added, *diff.removed, *diff.changed)}
    return dict.fromkeys(EVENTS[kind] for kind in sorted(kinds))
