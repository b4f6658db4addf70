"""`Gateway`: a FastMCP server whose HTTP app stands behind our edge, whoever starts it."""

import logging
import math
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider
from fastmcp.server.http import StarletteWithLifespan
from fastmcp.utilities.cli import log_server_banner
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from gateway.catalog.catalog import Catalog
from gateway.doors import admin
from gateway.doors.access import AccessLog
from gateway.doors.credentials import Credentials
from gateway.doors.edge import CountsRefusals, edge_of
from gateway.doors.events import RecentEvents
from gateway.doors.express.discovered import ReadyDiscovery
from gateway.doors.express.door import Express
from gateway.doors.express.plain import PlainTools
from gateway.doors.instructions import Instructions
from gateway.doors.legacy.calls import LegacyCalls
from gateway.doors.legacy.door import before_sessions
from gateway.doors.main.changes import Changes
from gateway.doors.main.completion import Completions
from gateway.doors.main.components import Run
from gateway.doors.main.discovery import Discovery
from gateway.doors.main.door import MainDoor
from gateway.doors.main.lists import Lists
from gateway.doors.main.provider import CatalogProvider
from gateway.doors.main.tasks import Tasks
from gateway.doors.midcall import LogLevels
from gateway.doors.ready import Known, ReadyLists
from gateway.doors.refusals import Refusals
from gateway.doors.state import RequestStates
from gateway.doors.versions import Versions
from gateway.doors.workers.owners import Owners
from gateway.doors.workers.peers import Peers
from gateway.downstream.protocol import HttpProtocol
from gateway.errors import CannotListen
from gateway.ground.version import VERSION
from gateway.mounts import Mounts
from gateway.observe.exposition import exposition
from gateway.observe.logs import get_logger
from gateway.observe.metrics import Metrics
from gateway.policy.authenticate import resource_metadata
from gateway.policy.throttle import FailureThrottle
from gateway.process import garbage, pages
from gateway.process.ending import Unanswered
from gateway.process.forwarded import asked_only_where_said
from gateway.process.listen import HttpServer, bind, is_loopback, origin
from gateway.process.stdin import ended_by_signals
from gateway.reload.reloader import Reloader
from gateway.reload.triggers import triggered
from gateway.replicas.replicas import Replicas
from gateway.runtime import Runtime

log = get_logger(__name__)

# What a gateway is made of, before code adds anything: two middlewares; local components, own things and upstreams.
OWN_MIDDLEWARE = 2
OWN_PROVIDERS = 3

# Access lines are ours to format; WebSockets are no transport of MCP's.
UVICORN: dict[str, Any] = {
    "lifespan": "on",
    "log_config": None,
    "server_header": False,
    "ws": "none",
    "access_log": False,
    "http": HttpProtocol,
}

NOT_ALONE = (
    "Other machines could reach this address, and no authentication is configured. "
    "Make a key with `gateway keys create`, configure [auth], or bind 127.0.0.1."
)


class _Upstreams(CatalogProvider):
    """What the upstreams offer. Whatever the runtime holds open opens and closes with it."""

    def __init__(self, runtime: Runtime, run: Run, opened: Callable[[], AbstractAsyncContextManager[None]]):
        super().__init__(runtime, run)
        self._opened = opened

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self._opened():
            yield


class Gateway(FastMCP):
    """One MCP server in front of every service and upstream of a `Runtime`."""

    def __init__(
        self,
        runtime: Runtime,
        reloader: Reloader,
        replicas: Replicas,
        auth: AuthProvider | None,
        metrics: Metrics,
        states: RequestStates,
        configure_logs: Callable[[], None],
        peers: Peers | None = None,
    ):
        self._levels = LogLevels()
        self._instructions = Instructions(runtime, lambda: self.instructions, runtime.instructions)
        door = MainDoor(runtime, runtime.sources, self._levels)
        super().__init__(
            runtime.config.server.name,
            instructions=runtime.config.server.instructions or None,
            version=VERSION,
            auth=auth,
            middleware=[door, Discovery(runtime.sources, self._differs_by_caller, self._instructions)],
            lifespan=self._log,
            dereference_schemas=False,
            mask_error_details=True,
            request_state_security=states.security,
        )
        self.runtime = runtime
        self._states = states
        self._peers = peers
        self.reloader = reloader
        self.replicas = replicas
        self._configure_logs = configure_logs
        self.on_ready: Callable[[], None] = lambda: None
        self._ready = False
        self._server_config = runtime.config.server
        # Without this hook every modern call with arguments lists all tools first, to look at one schema.
        self._mcp_server.get_tool_input_schema = self._input_schema
        self.mount(runtime.own)
        self._mounts = Mounts(self)
        self._mounts.serve(runtime.services)
        runtime.on_services = self._mounts.serve
        self.add_provider(_Upstreams(runtime, door.run, self._open))
        Lists(runtime.sources, self._differs_by_caller, self._server_config.page_size).serve(self._mcp_server)
        self._changes = Changes(runtime)
        self._listening = AsyncExitStack()
        self._changes.serve(self._mcp_server)
        runtime.watch(self._tell_instructions)
        runtime.watch(self._changes.catalog_changed)
        runtime.watch(Completions(runtime, lambda: runtime.services, self).catalog_changed)
        runtime.watch(Tasks(runtime, runtime.task_ids, self).catalog_changed)
        runtime.on_updated = self._changes.resource_changed
        self._add_routes(auth, metrics)

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Everything running as it is when served, without a transport. Entered twice, it opens once."""
        return self._lifespan_manager()

    @asynccontextmanager
    async def _log(self, _: FastMCP) -> AsyncGenerator[dict[str, Any]]:
        self._configure_logs()  # here, because a managed host runs the app with a server of its own
        yield {}

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[None]:
        async with self.runtime.lifespan(), self.replicas.open(), self._listening:
            await self._listening.enter_async_context(self._changes.told())
            self._ready = True
            try:
                yield
            finally:
                self._ready = False

    def _input_schema(self, name: str) -> Any:
        route = self.runtime.catalog.tool(name)
        return route.definition.get("inputSchema") if route is not None else None

    def _differs_by_caller(self) -> bool:
        return self.auth is not None

    def _is_as_made(self) -> bool:
        """Whether code has added nothing to the gateway that its catalog does not know of."""
        return (
            not (self.local_provider._components or self.local_provider.transforms or self.transforms)
            and not self._extensions
            and len(self.middleware) == OWN_MIDDLEWARE
            and len(self.providers) == OWN_PROVIDERS + len(self._mounts)
        )

    def _is_as_listed(self) -> bool:
        """Whether the catalog has all that FastMCP would list."""
        return self._is_as_made() and self.runtime.is_as_listed()

    def _tell_instructions(self, _: Catalog) -> None:
        self.instructions = self.runtime.instructions() or None

    def _add_routes(self, auth: AuthProvider | None, metrics: Metrics) -> None:
        self.custom_route("/healthz", ["GET"])(admin.healthz)
        self.custom_route("/readyz", ["GET"])(admin.readyz(self.runtime, lambda: self._ready, self.replicas.state))
        self.custom_route("/metrics", ["GET"])(admin.metrics(partial(self._exposition, metrics), auth))

    async def _exposition(self, metrics: Metrics) -> bytes:
        if self._peers is None:
            return metrics.render()
        return exposition(await self._peers.ask(admin.SAMPLES))

    def http_app(  # ty: ignore[incompatible-method-override]  # FastMCP's own options pass through
        self, path: str | None = None, access_log: bool = False, **options: Any
    ) -> StarletteWithLifespan:
        """FastMCP's app behind the edge and, unless it is switched off, the express door.

        `access_log`: write a line for each request that gets as far as FastMCP; for servers that do not themselves.
        """
        options.setdefault("event_store", RecentEvents())
        options["host_origin_protection"] = False  # the edge checks both, always, and spares the health paths
        path = path or self._server_config.path
        metadata = resource_metadata(self.runtime.config, path)
        before = [Middleware(Versions, path=path)]  # FastMCP puts these behind its own authentication
        if self.auth is not None:
            before.append(Middleware(Refusals, path=path, serving=self.runtime, metadata=metadata))
        options["middleware"] = [*(options.get("middleware") or ()), *before]
        app = super().http_app(path=path, **options)
        if access_log:
            app.add_middleware(AccessLog)
        owners = Owners(app, self._peers) if self._peers is not None else None
        if owners is not None:
            app.add_middleware(owners.of_states)
            app.state.owners = owners
        express = self._server_config.express and not options.get("json_response")
        behind, throttle = app.build_middleware_stack, FailureThrottle()

        def built() -> ASGIApp:
            stack: ASGIApp = CountsRefusals(behind(), throttle)
            if express:
                stack = self._express(app, stack, metadata, access_log)
            if owners is not None:
                stack = owners.of_sessions(stack, throttle)
            return edge_of(self._server_config, stack, throttle, has_credentials=self.auth is not None)

        app.build_middleware_stack = built  # before all of Starlette's own: a call would pay for each layer
        return app

    def _express(self, served: StarletteWithLifespan, app: ASGIApp, metadata: str | None, access_log: bool) -> ASGIApp:
        """Both eras' doors before `app`, which is all that `served` has behind them."""
        credentials = Credentials(self.auth)
        known = Known(self.runtime.sources, self._differs_by_caller, self._is_as_listed)
        stamp = self._mcp_server.server_info_stamp
        lists = ReadyLists(self.runtime, known, self._server_config.page_size, stamp)
        legacy = before_sessions(
            served,
            app,
            serving=self.runtime,
            credentials=credentials,
            calls=LegacyCalls(self.runtime, self._levels, metadata),
            lists=lists,
            access_log=access_log,
        )
        return Express(
            legacy,
            path=served.state.path,
            serving=self.runtime,
            credentials=credentials,
            tools=PlainTools(self.runtime, lambda: self.runtime.services, self._is_as_made),
            lists=lists,
            discovery=ReadyDiscovery(self.runtime, known, self._mcp_server, self._instructions),
            states=self._states,
            server_info=stamp,
            metadata=metadata,
            access_log=access_log,
        )

    async def run_http_async(  # ty: ignore[incompatible-method-override]  # FastMCP's own options pass through
        self,
        show_banner: bool = True,
        transport: Any = "http",
        host: str | None = None,
        port: int | None = None,
        log_level: str | None = None,
        uvicorn_config: dict[str, Any] | None = None,
        stateless: bool | None = None,
        sockets: Sequence[socket.socket] = (),
        **options: Any,
    ) -> None:
        """Serve over HTTP until a signal comes, then let what is running finish.

        Host, port and grace come from the configuration where the caller names none. `sockets` listen already.
        FastMCP's own method cannot be used: after a signal uvicorn ends its process before the upstreams are closed.

        Raises:
            CannotListen: the address cannot be had, or other machines reach it and there is no authentication.
        """
        server = self._server_config
        if stateless is not None:
            options.setdefault("stateless_http", stateless)
        listeners = list(sockets) or [bind(host or server.host, server.port if port is None else port)]
        try:
            self.check_reach(listeners)
            app = self.http_app(transport=transport, access_log=True, **options)
            unanswered = Unanswered(app)
            grace: dict[str, Any] = {"timeout_graceful_shutdown": math.ceil(server.grace)}
            config = asked_only_where_said(uvicorn.Config(unanswered, **UVICORN | grace | (uvicorn_config or {})))
            if show_banner:
                log_server_banner(self)
            beside = self._beside(app, unanswered)
            async with self.opened(), triggered(self.reloader, by_signal=True):
                if log_level is not None:
                    logging.getLogger().setLevel(log_level.upper())
                logging.getLogger("uvicorn.access").propagate = False  # uvicorn asks this, and not its own access_log
                garbage.settle()
                pages.enlarge()
                on_ready = partial(self._tell, listeners, app.state.path)
                await HttpServer(
                    config,
                    unanswered,
                    on_ready,
                    end_listening=self._listening.aclose,
                    end_calls=self.runtime.guard.stop,
                    on_stop=self._stop,
                    delay=server.drain_delay,
                    beside=beside,
                ).serve(listeners)
        finally:
            if self._peers is not None:
                self._peers.close()
            for listener in listeners:
                listener.close()

    def _beside(
        self, app: StarletteWithLifespan, unanswered: Unanswered
    ) -> tuple[socket.socket, uvicorn.Config] | None:
        """Where the other workers reach this one.

        Raises:
            CannotListen: it cannot be had.
        """
        if self._peers is None:
            return None
        owners: Owners = app.state.owners
        self._listening.callback(owners.end_listening)
        entrance = Unanswered(owners.arriving, beside=unanswered)
        try:
            return self._peers.listen(), uvicorn.Config(entrance, proxy_headers=False, **UVICORN)
        except OSError as error:
            raise CannotListen(f"Workers need a folder for their sockets: {error}. Check server.state_dir.") from error

    def _stop(self) -> None:
        self._ready = False

    def _tell(self, listeners: Sequence[socket.socket], path: str) -> None:
        for listener in listeners:
            log.info("serving", url=origin(listener) + path)
        self.on_ready()

    def check_reach(self, listeners: Sequence[socket.socket]) -> None:
        """Refuse sockets that other machines can reach while there is no authentication.

        Raises:
            CannotListen: one of them is such a socket.
        """
        if self.auth is None and not self._server_config.insecure_allow_unauthenticated:
            for listener in listeners:
                if not is_loopback(listener):
                    raise CannotListen(NOT_ALONE)

    async def run_stdio_async(self, *arguments: Any, **options: Any) -> None:
        """Serve over stdin and stdout until the client leaves or a signal comes."""
        with ended_by_signals():
            async with self.opened(), triggered(self.reloader, by_signal=False):
                await super().run_stdio_async(*arguments, **options)
