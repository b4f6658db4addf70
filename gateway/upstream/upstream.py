"""All of one upstream: its sessions, its listing, its health."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from mcp.shared.inbound import x_mcp_header_map

from gateway.config.model import SessionSharing, UpstreamConfig
from gateway.errors import (
    SessionLost,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamTimeout,
)
from gateway.model.listing import EMPTY, Listing
from gateway.upstream.bulkhead import Bulkhead
from gateway.upstream.chaos import Disturbance
from gateway.upstream.common import Common
from gateway.upstream.connect import Connector
from gateway.upstream.faults import Faults
from gateway.upstream.gate import Gate, Pass
from gateway.upstream.health import Health
from gateway.upstream.held import HeldCalls
from gateway.upstream.keeper import Keeper
from gateway.upstream.listing import ListingFile, Remembered, fetch
from gateway.upstream.modern import ModernSession
from gateway.upstream.pool import Lease, SessionPool
from gateway.upstream.retries import RetryBudget
from gateway.upstream.session import Session
from gateway.upstream.sharing import EVERYONE, GATEWAY, Caller, ShareKey, default_rule, share_key
from gateway.upstream.tasks import declares_tasks
from gateway.upstream.tracing import is_recorded
from gateway.upstream.visits import Visits
from gateway.upstream.watch import Watcher, tells_changes

log = logging.getLogger(__name__)

# What a program offers changes with the program: while nobody calls it, it is started once a day to be asked.
KEPT_SECONDS = 86_400.0
QUEUE = {"http": (256, 1000), "stdio": (20, 100)}


class Upstream:
    """One other MCP server.

    `on_listing` is called after each change of what it offers, `on_updated` with its own URI of a resource that
    changed and that somebody watches. `common` is what it shares with others.
    """

    def __init__(
        self,
        namespace: str,
        config: UpstreamConfig,
        state_dir: Path,
        on_listing: Callable[[], None] = lambda: None,
        on_updated: Callable[[str], None] = lambda _: None,
        common: Common | None = None,
    ):
        self.namespace = namespace
        self.config = config
        self._common = common or Common()
        self.task_ids = self._common.task_ids
        self.listing: Listing = EMPTY
        self.health = Health("unknown" if config.is_on else "off", config.off_because)
        self.header_maps: Mapping[str, dict[tuple[str, ...], str]] = {}
        self._on_listing = on_listing
        self.faults = Faults(namespace)
        self.disturbance = Disturbance(namespace, config.chaos) if config.chaos is not None else None
        self._file = ListingFile(state_dir, namespace, config)
        self._stateful = True
        self._remember(self._file.load() if config.is_on else None)
        limit, queue = QUEUE["http" if config.command is None else "stdio"]
        self.bulkhead = Bulkhead(
            namespace, config.max_in_flight or limit, queue if config.max_queue is None else config.max_queue
        )
        self.deadline = self._common.deadline(config.deadline)
        self.gate = Gate(namespace)
        self.retries = RetryBudget()
        self.held = HeldCalls(namespace)
        self.visits = Visits()
        self.pool = SessionPool(self._open, idle=config.idle)
        self.modern: ModernSession | None = None
        self.is_traced = is_recorded()
        self.keeper = Keeper(
            namespace, self._look, config.refresh, self.gate.limited_for, self.pool.trim, trim_every=config.idle
        )
        self.watcher = Watcher(namespace, self._listen, self.keeper.changed, on_updated)
        self._watching: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Upstream {self.namespace} {self.health.state} {self.pool} {self.bulkhead}>"

    def _remember(self, kept: Remembered | None) -> None:
        if kept is not None:
            self._stateful = kept.stateful
            self._adopt_listing(kept.listing)
        speech = kept.speech if kept is not None else None
        self.connector = Connector(self.namespace, self.config, speech, self.faults.seen, self._common)

    def _adopt_listing(self, listing: Listing) -> None:
        self.listing = listing
        self.faults.listed(listing.faults)
        maps = {str(tool["name"]): x_mcp_header_map(tool.get("inputSchema")) for tool in listing.tools}
        self.header_maps = {name: found for name, found in maps.items() if found}

    def renew(self, config: UpstreamConfig) -> None:
        """Go on with `config`, in which nothing is new but what stands in files."""
        if config != self.config:
            self.config = config
            self.connector.renew(config)
            self.look_again()  # who has another token may be offered something else

    # sessions

    async def _open(self, key: ShareKey) -> Session:
        """A session for `key`. Raises SessionLost where it turns out that it may not be for all who have that key."""
        session = await self.connector.open(orjson.loads(key.capabilities))
        session.visited = self.visits.done
        self._stateful = session.stateful
        if session.stateful and self.config.sessions is None and key.lasting and key.holder == EVERYONE:
            await session.close()  # the upstream held no state when it was last seen
            raise SessionLost
        self.modern = session if isinstance(session, ModernSession) else None
        if self.disturbance is not None:
            self.disturbance.disturb(session)
        if self.config.command is not None and not self.keeper.is_looking:
            self.keeper.want()  # it may have changed since it was last asked
            self.watcher.again()
        return session

    @property
    def rule(self) -> SessionSharing:
        """Who may share a session now."""
        return self.config.sessions or default_rule(self.connector.speech, self._stateful)

    @property
    def mixes_callers(self) -> bool:
        """Whether a question on one of its sessions may be meant for any of several callers, so that none is asked."""
        return self.config.sessions == "shared" and self._stateful and self.connector.era == "legacy"

    def session(self, caller: Caller, capabilities: Mapping[str, Any]) -> Lease:
        """The session that `caller` may use, for one call."""
        key = share_key(self.rule, caller, capabilities)
        if self.config.command is not None:
            self.pool.adopt(ShareKey(GATEWAY, key.capabilities), key)
        return self.pool.acquire(key)

    @property
    def has_tasks(self) -> bool:
        """Whether it may answer a call with a task, which is a thing of the modern era only."""
        speech = self.connector.speech
        return (speech is None or speech.era == "modern") and declares_tasks(self.listing.capabilities)

    # health

    def answered(self) -> None:
        """It answered a call."""
        self.gate.answered()
        if self.health.state != "up":
            self._is_up()

    def failed(self, error: UpstreamError, passed: Pass) -> UpstreamError:
        """A call failed: note it, and give back the error to tell the caller, with since when it is down."""
        suspended = self.gate.failed(error, passed)
        if suspended:
            log.warning("upstream %s is left alone: %s", self.namespace, error.message)
            self.keeper.want_for_call()  # perhaps it is down
        if isinstance(error, UpstreamBroken):
            self.broken(error)
        if not isinstance(error, UpstreamDown):
            return error
        if self.health.state != "down":
            self._mark_down(error)
            self.keeper.want()
        since = self.health.since_when
        return UpstreamDown(self.namespace, f"{error.reason} It is down since {since}.", since=since)

    def broken(self, error: UpstreamBroken) -> None:
        """It answered a call against the protocol."""
        self.faults.seen(f"in a call: it {error.reason}")
        self.keeper.want_for_call()  # perhaps it is another server by now

    def _is_up(self) -> None:
        if self.health.up():
            log.info("upstream %s is up", self.namespace)
            self.watcher.again()

    def never_heard(self) -> UpstreamDown | None:
        """Why it is not known what it offers, where that is so: a name of its own cannot be told from a wrong one."""
        if self.listing.heard_at:
            return None
        if self.health.state == "off":
            reason = f"is off: {self.config.off_because or 'enabled = false'}."
            return UpstreamDown(self.namespace, reason)
        since = self.health.since_when
        why = f" {self.health.reason}" if self.health.reason else ""
        return UpstreamDown(self.namespace, f"was never heard, since {since}.{why}", since=since)

    def _mark_down(self, error: UpstreamError) -> None:
        if self.health.down(error.message):
            log.warning("upstream %s is down: %s", self.namespace, error.message)

    # listing

    async def start(self) -> None:
        """Begin to keep the listing fresh, in a task that `close` ends."""
        if self.disturbance is not None:
            self.disturbance.tell()
        if self.config.is_on:
            self.keeper.start()
            self._watching = asyncio.create_task(self.watcher.run(), name=f"watcher {self.namespace}")

    async def first_round(self) -> None:
        """Until it has been asked once, well or not."""
        if self.keeper.runs:
            await self.keeper.until_round(lambda: self.keeper.rounds >= 1)

    async def ask_again(self) -> None:
        """One refresh, shared by all who want it now; for a name that the listing does not have."""
        if not self.keeper.runs or not self.keeper.want_for_call():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.list_deadline):
                await self.keeper.next_round()

    def look_again(self) -> None:
        """Ask soon what it offers, though nobody called: it may have changed.

        A program that rests is left to rest; what another process of ours has kept of it counts.
        """
        if self.config.command is not None and self.pool.live() is None:
            self._take_kept()
        elif not self.gate.limited_for():
            self.keeper.want()

    def _take_kept(self) -> None:
        kept = self._file.load()
        if kept is not None and kept.listing.heard_at > self.listing.heard_at:
            self._take(kept.listing)

    async def look(self) -> None:
        """Have it asked, its program started if it is idle; until that is over."""
        if self.keeper.runs and self.health.state == "idle":
            self.keeper.want_whatever()
            await self.keeper.next_round()

    async def _look(self, called: bool) -> bool:
        if not called and self._may_rest():
            self.health.idle()
            return True
        return await self.refresh()

    def _may_rest(self) -> bool:
        """Whether its program need not be started to be asked: it runs for nobody, and what it offers is known."""
        if self.config.command is None or self.health.state == "down":
            return False
        return self.pool.live() is None and time.time() - self.listing.heard_at < KEPT_SECONDS

    async def refresh(self) -> bool:
        """Ask what it offers; whether it said so. A failure leaves the last good listing."""
        try:
            listing = await self._fetch()
        except SessionLost:
            return False  # the next look, in a second, opens a new one
        except UpstreamLimited as error:
            self.gate.limit(error)
            if self.health.state == "unknown":
                self._mark_down(error)
            return False
        except UpstreamError as error:
            self._mark_down(error)
            if not isinstance(error, UpstreamDown | UpstreamTimeout):
                self.connector.forget()  # it answers, but not as it did: perhaps it speaks another era now
                self.pool.renew()
            return False
        if self.health.state == "down":
            self.gate.answered()  # one that lists well and yet fails in calls is left to the trial
        self._is_up()
        self._heard(listing)
        return True

    def _heard(self, listing: Listing) -> None:
        try:
            self._file.save(Remembered(listing, self.connector.speech, self._stateful))
        except OSError as error:
            log.warning("the listing of upstream %s cannot be kept for the next start: %s", self.namespace, error)
        self._take(listing)

    def _take(self, listing: Listing) -> None:
        changed = not listing.same_offer(self.listing)
        tells = tells_changes(listing.capabilities) != tells_changes(self.listing.capabilities)
        self._adopt_listing(listing)
        if tells:
            self.watcher.again()
        if changed:
            self._on_listing()

    async def _listen(self, use: Callable[[Session], Awaitable[None]]) -> None:
        """Have `use` listen on a session of ours; for ever in vain where the upstream tells nothing of itself."""
        if self.health.state != "up" or not (tells_changes(self.listing.capabilities) or self.watcher.watched):
            await asyncio.Event().wait()  # until the watcher is told to try again
        if self.config.command is not None and not self.watcher.watched:
            session = self.pool.live()
            if session is None:
                await asyncio.Event().wait()  # until it is started for somebody
            else:
                await use(session)
            return
        async with self.pool.acquire(self._own_key()) as session:
            await use(session)

    def _own_key(self) -> ShareKey:
        """The session for what the gateway asks for itself."""
        own = ShareKey(GATEWAY)
        if self.config.command is None:
            return own
        return self.pool.any_key() or own  # a second process only to ask for the list would be a waste

    async def _fetch(self) -> Listing:
        async with self.pool.acquire(self._own_key(), is_use=False) as session:
            try:
                async with asyncio.timeout(self.config.list_deadline):
                    return await fetch(self.namespace, session)
            except TimeoutError:
                raise UpstreamTimeout(
                    self.namespace, f"did not list what it offers within {self.config.list_deadline:g} s."
                ) from None

    def rest(self) -> None:
        """Ask and hear nothing more by itself; calls still go through, and `close` is still owed."""
        self.keeper.rest()
        if self._watching is not None:
            self._watching.cancel()

    async def close(self) -> None:
        """End the tasks, the sessions and the connections."""
        self.rest()
        await self.keeper.close()
        if self._watching is not None:
            await asyncio.wait([self._watching])
        await self.held.close()
        await self.pool.close()
        await self.connector.close()
        await self.visits.close()
