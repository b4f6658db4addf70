"""Provision what a configuration names, keep the catalog current, and close it all at the end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from fastmcp import FastMCP

from gateway.catalog.catalog import Catalog, Source, build
from gateway.catalog.uris import to_public
from gateway.config.model import GatewayConfig
from gateway.guard import Guard
from gateway.model.listing import EMPTY, Listing
from gateway.observe.logs import get_logger
from gateway.services import list_service
from gateway.upstream.starts import Starts
from gateway.upstream.tasks import TaskIds
from gateway.upstream.upstream import Upstream

log = get_logger(__name__)

# How long a start waits for upstreams to say what they offer. Later ones appear by themselves.
FIRST_ROUND_SECONDS = 0.75
OWN = "gateway"
# Characters of one service's or upstream's instructions that clients are given: every session begins with all of them.
MOST_INSTRUCTIONS = 4096


class Runtime:
    """One configuration and everything it holds open.

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
        self.config = config
        self.task_ids = task_ids or TaskIds()
        self.guard = guard
        self.own = own
        self.services = services
        starts = Starts()
        self.upstreams: Mapping[str, Upstream] = {
            name: Upstream(name, each, state_dir, self._rebuild, partial(self._updated, name), self.task_ids, starts)
            for name, each in config.upstreams.items()
        }
        self.on_updated: Callable[[str], None] = lambda _: None
        """Called with the public URI of a resource that changed and that somebody watches."""
        self._listings: dict[str, Listing] = {}
        self._watchers: list[Callable[[Catalog], None]] = []
        self.catalog = build(self.sources())

    def __repr__(self) -> str:
        return f"<Runtime {self.catalog!r}>"

    def watch(self, watcher: Callable[[Catalog], None]) -> None:
        """Have `watcher` called with every new catalog."""
        self._watchers.append(watcher)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Everything open, from the first call to the last."""
        try:
            await self._start()
            yield
        finally:
            await self._close()

    async def _start(self) -> None:
        for namespace, server in self.services.items():
            self._listings[namespace] = await list_service(namespace, server)
        self._listings[OWN] = await list_service(OWN, self.own, prefixed=False)
        for upstream in self.upstreams.values():
            await upstream.start()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.heard(), FIRST_ROUND_SECONDS)
        self._rebuild()

    async def _close(self) -> None:
        """Close every upstream, whatever becomes of the others."""
        closing = (upstream.close() for upstream in self.upstreams.values())
        for name, result in zip(self.upstreams, await asyncio.gather(*closing, return_exceptions=True), strict=True):
            if isinstance(result, Exception):
                log.error("upstream could not be closed", upstream=name, exc_info=result)

    async def heard(self) -> None:
        """Until every upstream has been asked once, however long it takes."""
        await asyncio.gather(*(upstream.first_round() for upstream in self.upstreams.values()))

    def instructions(self) -> str:
        """The gateway's own instructions, then each service's and upstream's under its namespace."""
        listings = self._listings | {name: upstream.listing for name, upstream in self.upstreams.items()}
        parts = [self.config.server.instructions]
        parts += [
            f"# {name}\n{listing.instructions[:MOST_INSTRUCTIONS]}"
            for name, listing in listings.items()
            if listing.instructions
        ]
        return "\n\n".join(filter(None, parts))

    def _updated(self, namespace: str, uri: str) -> None:
        self.on_updated(to_public(namespace, uri))

    def _rebuild(self) -> None:
        older, self.catalog = self.catalog, build(self.sources())
        if diff := older.diff(self.catalog):
            log.info("catalog changed", added=len(diff.added), removed=len(diff.removed), changed=len(diff.changed))
        for watcher in self._watchers:
            watcher(self.catalog)

    def sources(self) -> list[Source]:
        """Everyone who offers something, with what each lists now."""
        return [
            Source("service", OWN, self._listings.get(OWN, EMPTY), prefixed=False),
            *(Source("service", name, self._listings.get(name, EMPTY)) for name in self.services),
            *(Source("upstream", name, each.listing) for name, each in self.upstreams.items() if each.config.is_on),
        ]
