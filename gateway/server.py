"""`Gateway`: a FastMCP server whose HTTP app stands behind our edge, whoever starts it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider
from fastmcp.server.http import StarletteWithLifespan

from gateway.catalog.catalog import Catalog
from gateway.doors import admin
from gateway.doors.edge import Edge
from gateway.doors.main import MainDoor
from gateway.doors.provider import CatalogProvider
from gateway.errors import ConfigurationError, Fault
from gateway.observe.metrics import Metrics
from gateway.runtime import Runtime

VERSION = "0.1.0"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


class Gateway(FastMCP):
    """One MCP server in front of every service and upstream of a `Runtime`."""

    def __init__(
        self, runtime: Runtime, auth: AuthProvider | None, metrics: Metrics, configure_logs: Callable[[], None]
    ):
        door = MainDoor(runtime)
        super().__init__(
            runtime.config.server.name,
            instructions=runtime.config.server.instructions or None,
            version=VERSION,
            auth=auth,
            middleware=[door],
            lifespan=self._open,
            dereference_schemas=False,
            mask_error_details=True,
        )
        self.runtime = runtime
        self._configure_logs = configure_logs
        self.on_ready: Callable[[], None] = lambda: None
        self._ready = False
        self._server_config = runtime.config.server
        # Without this hook every modern call with arguments lists all tools first, to look at one schema.
        self._mcp_server.get_tool_input_schema = self._input_schema
        self.mount(runtime.own)
        for namespace, service in runtime.services.items():
            self.mount(service, namespace=namespace)
        self.add_provider(CatalogProvider(runtime, door.run))
        runtime.watch(self._tell_instructions)
        self._add_routes(auth, metrics)

    @asynccontextmanager
    async def _open(self, _: FastMCP) -> AsyncGenerator[dict[str, Any]]:
        self._configure_logs()  # here, because a managed host runs the app with a server of its own
        async with self.runtime.lifespan():
            self._ready = True
            self.on_ready()
            try:
                yield {}
            finally:
                self._ready = False

    def _input_schema(self, name: str) -> Any:
        route = self.runtime.catalog.tool(name)
        return route.definition.get("inputSchema") if route is not None else None

    def _tell_instructions(self, catalog: Catalog) -> None:
        """The gateway's own instructions, then each upstream's under its namespace."""
        parts = [self._server_config.instructions] if self._server_config.instructions else []
        parts += [
            f"# {name}\n{upstream.listing.instructions}"
            for name, upstream in self.runtime.upstreams.items()
            if upstream.listing.instructions
        ]
        self.instructions = "\n\n".join(parts) or None

    def _add_routes(self, auth: AuthProvider | None, metrics: Metrics) -> None:
        self.custom_route("/healthz", ["GET"])(admin.healthz)
        self.custom_route("/readyz", ["GET"])(admin.readyz(self.runtime, lambda: self._ready))
        self.custom_route("/metrics", ["GET"])(admin.metrics(metrics.render, auth))

    def http_app(  # ty: ignore[incompatible-method-override]  # FastMCP's own options pass through
        self, path: str | None = None, **options: Any
    ) -> StarletteWithLifespan:
        """FastMCP's app behind the edge. The express door will stand between authentication and FastMCP's routes."""
        options["host_origin_protection"] = False  # the edge checks both, always, and spares the health paths
        app = super().http_app(path=path or self._server_config.path, **options)
        app.add_middleware(
            Edge,
            hosts=self._allowed_hosts(),
            origins=self._server_config.allowed_origins,
            loopback_only=self.auth is None and not self._server_config.insecure_allow_unauthenticated,
        )
        return app

    def _allowed_hosts(self) -> list[str]:
        public = urlsplit(self._server_config.public_url or "").hostname
        return [*self._server_config.allowed_hosts, *([public] if public else [])]

    async def run_http_async(  # ty: ignore[incompatible-method-override]  # FastMCP's own options pass through
        self,
        show_banner: bool = True,
        transport: Any = "http",
        host: str | None = None,
        port: int | None = None,
        uvicorn_config: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Serve over HTTP, with host, port and grace from the configuration where the caller names none.

        Raises:
            ConfigurationError: a bind address beyond loopback without authentication.
        """
        host = host or self._server_config.host
        self.check_bind(host)
        grace = {
            "timeout_graceful_shutdown": int(self._server_config.grace),
            "log_config": None,
            "server_header": False,
        }
        await super().run_http_async(
            show_banner=show_banner,
            transport=transport,
            host=host,
            port=self._server_config.port if port is None else port,
            uvicorn_config=grace | (uvicorn_config or {}),
            **options,
        )

    def check_bind(self, host: str) -> None:
        """Refuse a bind address beyond loopback while there is no authentication."""
        if self.auth is not None or host in LOOPBACK_HOSTS or self._server_config.insecure_allow_unauthenticated:
            return
        raise ConfigurationError(
            [
                Fault(
                    "gateway.toml",
                    "server.host",
                    "is not loopback, and no authentication is configured",
                    "Make a key with `gateway keys create`, configure [auth], or bind 127.0.0.1.",
                )
            ]
        )
