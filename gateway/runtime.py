"""Provision what a configuration names, keep the catalog current, go over to the next, and close it all at the end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from fastmcp import FastMCP

from gateway.catalog.catalog import Catalog, Source
from gateway.catalog.uris import to_public
from gateway.config.model import GatewayConfig, UpstreamConfig
from gateway.doors.additions import Listed
from gateway.doors.own import OWN
from gateway.drain import Drains
from gateway.generation import Generation, Service
from gateway.guard import Guard
from gateway.lifespans import Lifespans
from gateway.model.listing import EMPTY
from gateway.observe.logs import get_logger
from gateway.observe.redact import redact
from gateway.services import list_service
from gateway.upstream.common import Common
from gateway.upstream.tasks import TaskIds
from gateway.upstream.upstream import Upstream

log = get_logger(__name__)

# How long a start waits for upstreams to say what they offer. Later ones appear by themselves.
FIRST_ROUND_SECONDS = 0.75
# Characters of one service's or upstream's instructions that clients are given: every session begins with all of them.
MOST_INSTRUCTIONS = 4096


class Runtime:
    """The generation that serves, and what leads from one to the next.

    Making one does no I/O but reading the kept listings; `lifespan` connects.
    """

    def __init__(
        self,
        config: GatewayConfig,
        state_dir: Path,
        guard: Guard,
        own: FastMCP,
        services: Mapping[str, FastMCP],
        task_ids: TaskIds | None = None,
    ):
        self._common = Common(task_ids)
        self.guard = guard
        self.own = own
        self.on_updated: Callable[[str], None] = lambda _: None
        """Called with the public URI of a resource that changed and that somebody watches."""
        self.on_listed: Callable[[str], None] = lambda _: None
        """Called with the namespace of an upstream that offers something else than before."""
        self.on_services: Callable[[Mapping[str, FastMCP]], None] = lambda _: None
        """Called with the services of the next generation just before it serves; may refuse it by raising."""
        self._state_dir = state_dir
        self._own = Source("service", OWN, EMPTY, prefixed=False)
        self._own_listed = Listed(own)
        self._lifespans = Lifespans()
        self._drains = Drains()
        self._watchers: list[Callable[[Catalog], None]] = []
        self.generation = self._next(Generation(config, {}, {}), config, services)
        self.catalog = self.generation.catalog(self._own)

    def __repr__(self) -> str:
        return f"<Runtime {self.catalog!r}>"

    @property
    def config(self) -> GatewayConfig:
        """The configuration that is served."""
        return self.generation.config

    @property
    def task_ids(self) -> TaskIds:
        """What clients know tasks of upstreams by."""
        return self._common.task_ids

    @property
    def services(self) -> Mapping[str, FastMCP]:
        """Our own servers, by namespace."""
        return {name: each.server for name, each in self.generation.services.items()}

    @property
    def upstreams(self) -> Mapping[str, Upstream]:
        """Other MCP servers, by namespace, those that are off included."""
        return self.generation.upstreams

    def watch(self, watcher: Callable[[Catalog], None]) -> None:
        """Have `watcher` called with every new catalog."""
        self._watchers.append(watcher)

    # from the first call to the last

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Everything open, from the first call to the last."""
        self._own_listed = Listed(self.own)
        own = await list_service(OWN, self.own, prefixed=False)
        self._own = Source("service", OWN, own, prefixed=False)
        async with AsyncExitStack() as opened:
            await self._open(self.generation, opened)
            opened.pop_all()
            try:
                self._rebuild()
                yield
            finally:
                await self._drains.finish()
                await self._close(self.generation)
                self.guard.close()

    async def _open(self, generation: Generation, opened: AsyncExitStack) -> None:
        """Open what `generation` has; `opened` closes it again."""
        for name, service in generation.services.items():
            await self._lifespans.open(service.server)
            opened.push_async_callback(self._lifespans.close, service.server)
            service.listed = Listed(service.server)
            service.listing = await list_service(name, service.server)
        for upstream in generation.upstreams.values():
            opened.push_async_callback(upstream.close)
            await upstream.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_ROUND_SECONDS):
                await _heard(generation)

    async def _close(self, generation: Generation) -> None:
        """Close every upstream, whatever becomes of the others, and then the services."""
        upstreams = generation.upstreams
        closing = (upstream.close() for upstream in upstreams.values())
        for name, result in zip(upstreams, await asyncio.gather(*closing, return_exceptions=True), strict=True):
            if isinstance(result, Exception):
                log.error("upstream could not be closed", upstream=name, exc_info=result)
        for service in reversed(list(generation.services.values())):
            await self._lifespans.close(service.server)

    async def heard(self) -> None:
        """Until every upstream has been asked once, however long it takes."""
        await _heard(self.generation)

    # from one generation to the next

    async def apply(self, config: GatewayConfig, servers: Mapping[str, FastMCP]) -> tuple[str, ...]:
        """Serve `config` from now on; what changed. `servers` are those of its services that are not here already.

        Calls that run finish on what they began with, which is closed after them. One `apply` at a time.

        Raises:
            ConfigurationError: two of them offer something under one public name. Nothing has changed.
            GatewayError: a service cannot be served. Nothing has changed.
        """
        older, newer = self.generation, self._next(self.generation, config, servers)
        async with AsyncExitStack() as opened:
            await self._open(newer.without(older), opened)
            self._swap(newer)
            opened.pop_all()
        self._drain(older.without(newer))
        return older.changes_to(newer)

    def _next(self, older: Generation, config: GatewayConfig, servers: Mapping[str, FastMCP]) -> Generation:
        services = {
            name: Service(each, servers[name]) if name in servers else older.services[name]
            for name, each in config.services.items()
            if each.enabled
        }
        upstreams = {}
        for name, each in config.upstreams.items():
            known = older.upstreams.get(name)
            stays = known is not None and known.config.is_but_for_files(each)
            upstreams[name] = known if known is not None and stays else self._upstream(name, each)
        return Generation(config, services, upstreams)

    def _upstream(self, name: str, config: UpstreamConfig) -> Upstream:
        listed, updated = partial(self._listed, name), partial(self._updated, name)
        upstream = Upstream(name, config, self._state_dir, listed, updated, self._common)
        upstream.connector.tell_secrets(redact)
        return upstream

    def _swap(self, newer: Generation) -> None:
        """The one moment in which everything changes: nothing here waits, so nobody sees a half of it."""
        catalog = newer.catalog(self._own)
        self.on_services({name: each.server for name, each in newer.services.items()})
        older, self.generation = self.generation, newer
        for name, upstream in newer.without(older).upstreams.items():
            if name in older.upstreams:
                upstream.watcher.take_over(older.upstreams[name].watcher)
        for name, upstream in newer.upstreams.items():
            upstream.renew(newer.config.upstreams[name])
        self._serve(catalog)

    async def drained(self) -> None:
        """Until everything that no longer serves is closed."""
        await self._drains.done()

    def _drain(self, gone: Generation) -> None:
        """Close what no longer serves, each as soon as its running calls have ended."""
        grace = gone.config.server.grace
        for name, upstream in gone.upstreams.items():
            upstream.rest()
            seconds = max(grace, upstream.config.deadline)
            self._drains.start(f"upstream {name}", partial(self.guard.ended, name), upstream.close, seconds)
        for name, service in gone.services.items():
            close = partial(self._lifespans.close, service.server)
            self._drains.start(f"service {name}", partial(self.guard.ended, name), close, grace)

    # the catalog

    def instructions(self, namespaces: Container[str] | None = None) -> str:
        """The gateway's own, then each service's and upstream's under its namespace: of all, or of `namespaces`."""
        parts = [self.config.server.instructions]
        parts += [
            f"# {name}\n{listing.instructions[:MOST_INSTRUCTIONS]}"
            for name, listing in self.generation.listings().items()
            if listing.instructions and (namespaces is None or name in namespaces)
        ]
        return "\n\n".join(filter(None, parts))

    def _updated(self, namespace: str, uri: str) -> None:
        self.on_updated(to_public(namespace, uri))

    def _listed(self, namespace: str) -> None:
        self._rebuild()
        self.on_listed(namespace)

    def _rebuild(self) -> None:
        self._serve(self.generation.catalog(self._own))

    def _serve(self, catalog: Catalog) -> None:
        older, self.catalog = self.catalog, catalog
        if diff := older.diff(catalog):
            log.info("catalog changed", added=len(diff.added), removed=len(diff.removed), changed=len(diff.changed))
        for watcher in self._watchers:
            watcher(catalog)

    def is_as_listed(self) -> bool:
        """Whether services list now what the catalog has of them, and the same for anybody."""
        services = self.generation.services.values()
        return self._own_listed.holds() and all(each.listed is not None and each.listed.holds() for each in services)

    def sources(self) -> list[Source]:
        """Everyone who offers something, with what each lists now."""
        return self.generation.sources(self._own)


async def _heard(generation: Generation) -> None:
    await asyncio.gather(*(upstream.first_round() for upstream in generation.upstreams.values()))
