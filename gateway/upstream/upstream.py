"""All of one upstream: its sessions, its listing, its health."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

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
from gateway.upstream.connect import Connector
from gateway.upstream.faults import Faults
from gateway.upstream.gate import Gate, Pass
from gateway.upstream.held import HeldCalls
from gateway.upstream.listing import ListingFile, Remembered, fetch
from gateway.upstream.pool import Lease, SessionPool
from gateway.upstream.retries import RetryBudget
from gateway.upstream.session import Session
from gateway.upstream.sharing import GATEWAY, Caller, ShareKey, default_rule, share_key
from gateway.upstream.starts import Starts
from gateway.upstream.tasks import TaskIds, declares_tasks
from gateway.upstream.visits import Visits
from gateway.upstream.watch import Watcher, tells_changes

log = logging.getLogger(__name__)

TRIM_SECONDS = 30.0
# One that is down is asked again soon, so that it is back within 10 s of its return.
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0)
# A tool that an upstream just got is found at once, but calls of names that do not exist must not turn into a stream of
# listing requests: so many in so many seconds.
MAX_ASKED = 5
ASKED_SECONDS = 10.0
# What a program offers changes with the program: while nobody calls it, it is started once a day to be asked.
KEPT_SECONDS = 86_400.0
QUEUE = {"http": (256, 1000), "stdio": (20, 100)}


@dataclass(frozen=True, slots=True)
class Health:
    """How an upstream does: since when (POSIX seconds), and why where it is down or off."""

    state: Literal["unknown", "up", "idle", "down", "off"]
    since: float
    reason: str = ""


class Upstream:
    """One other MCP server.

    `on_listing` is called after each change of what it offers, `on_updated` with its own URI of a resource that
    changed and that somebody watches. `starts` are the places for starting programs that it shares with others.
    """

    def __init__(
        self,
        namespace: str,
        config: UpstreamConfig,
        state_dir: Path,
        on_listing: Callable[[], None] = lambda: None,
        on_updated: Callable[[str], None] = lambda _: None,
        task_ids: TaskIds | None = None,
        starts: Starts | None = None,
    ):
        self.namespace = namespace
        self.config = config
        self.task_ids = task_ids or TaskIds()
        self.listing: Listing = EMPTY
        self.health = Health("unknown" if config.is_on else "off", time.time(), config.off_because)
        self.header_maps: Mapping[str, dict[tuple[str, ...], str]] = {}
        self._on_listing = on_listing
        self.faults = Faults(namespace)
        self._starts = starts
        self.disturbance = Disturbance(namespace, config.chaos) if config.chaos is not None else None
        self._file = ListingFile(state_dir, namespace, config)
        self._stateful = True
        self._remember(self._file.load() if config.is_on else None)
        limit, queue = QUEUE["http" if config.command is None else "stdio"]
        self.bulkhead = Bulkhead(
            namespace, config.max_in_flight or limit, queue if config.max_queue is None else config.max_queue
        )
        self.gate = Gate(namespace)
        self.retries = RetryBudget()
        self.held = HeldCalls(namespace)
        self.visits = Visits()
        self.pool = SessionPool(self._open, idle=config.idle)
        self._wanted = asyncio.Event()
        self._rounds = 0
        self._round_over = asyncio.Condition()
        self._failures = 0
        self._asked: deque[float] = deque(maxlen=MAX_ASKED)
        self._asking = False
        self._called = False
        self.watcher = Watcher(namespace, self._listen, self._list_changed, on_updated)
        self._keeper: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Upstream {self.namespace} {self.health.state} {self.pool} {self.bulkhead}>"

    def _remember(self, kept: Remembered | None) -> None:
        if kept is not None:
            self._stateful = kept.stateful
            self._adopt_listing(kept.listing)
        speech = kept.speech if kept is not None else None
        self.connector = Connector(self.namespace, self.config, speech, self.faults.seen, self._starts)

    def _adopt_listing(self, listing: Listing) -> None:
        self.listing = listing
        self.faults.listed(listing.faults)
        maps = {str(tool["name"]): x_mcp_header_map(tool.get("inputSchema")) for tool in listing.tools}
        self.header_maps = {name: found for name, found in maps.items() if found}

    # sessions

    async def _open(self, key: ShareKey) -> Session:
        session = await self.connector.open(orjson.loads(key.capabilities))
        session.visited = self.visits.done
        self._stateful = session.stateful
        if self.disturbance is not None:
            self.disturbance.disturb(session)
        if self.config.command is not None and not self._asking:
            self._wanted.set()  # it may have changed since it was last asked
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
        self._is_up()

    def failed(self, error: UpstreamError, passed: Pass) -> UpstreamError:
        """A call failed: note it, and give back the error to tell the caller, with since when it is down."""
        suspended = self.gate.failed(error, passed)
        if suspended:
            log.warning("upstream %s is left alone: %s", self.namespace, error.message)
        if suspended:
            self._look_soon()  # perhaps it is down
        if isinstance(error, UpstreamBroken):
            self.broken(error)
        if not isinstance(error, UpstreamDown):
            return error
        if self.health.state != "down":
            self._mark_down(error)
            self._wanted.set()
        since = datetime.fromtimestamp(self.health.since, UTC).isoformat(timespec="seconds")
        return UpstreamDown(self.namespace, f"{error.reason} It is down since {since}.", since=since)

    def broken(self, error: UpstreamBroken) -> None:
        """It answered a call against the protocol."""
        self.faults.seen(f"in a call: it {error.reason}")
        self._look_soon()  # perhaps it is another server by now

    def _is_up(self) -> None:
        if self.health.state != "up":
            self.health = Health("up", time.time())
            log.info("upstream %s is up", self.namespace)
            self.watcher.again()

    def never_heard(self) -> UpstreamDown | None:
        """Why it is not known what it offers, where that is so: a name of its own cannot be told from a wrong one."""
        if self.listing.heard_at:
            return None
        if self.health.state == "off":
            reason = f"is off: {self.config.off_because or 'enabled = false'}."
            return UpstreamDown(self.namespace, reason)
        since = datetime.fromtimestamp(self.health.since, UTC).isoformat(timespec="seconds")
        why = f" {self.health.reason}" if self.health.reason else ""
        return UpstreamDown(self.namespace, f"was never heard, since {since}.{why}", since=since)

    def _mark_down(self, error: UpstreamError) -> None:
        since = self.health.since if self.health.state == "down" else time.time()
        if self.health.state != "down":
            log.warning("upstream %s is down: %s", self.namespace, error.message)
        self.health = Health("down", since, error.message)

    # listing

    async def start(self) -> None:
        """Begin to keep the listing fresh, in a task that `close` ends."""
        if self.disturbance is not None:
            self.disturbance.tell()
        if self.config.is_on:
            self._keeper = asyncio.create_task(self._keep(), name=f"keeper {self.namespace}")
            self._listener = asyncio.create_task(self.watcher.run(), name=f"watcher {self.namespace}")

    async def first_round(self) -> None:
        """Until it has been asked once, well or not."""
        if self._keeper is not None:
            await self._wait_for_round(1)

    async def ask_again(self) -> None:
        """One refresh, shared by all who want it now; for a name that the listing does not have."""
        if self._keeper is None or not self._look_soon():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.list_deadline):
                await self._wait_for_round(self._rounds + 1)

    def _look_soon(self) -> bool:
        """Have the keeper look at once; whether it does, or did so too often of late."""
        if self.gate.limited_for():
            return False
        if not (self._asking or self._wanted.is_set()):
            now = time.monotonic()
            if len(self._asked) == MAX_ASKED and now - self._asked[0] < ASKED_SECONDS:
                return False
            self._asked.append(now)
            self._wanted.set()
        self._called = True
        return True

    def look_again(self) -> None:
        """Ask soon what it offers, though nobody called: it may have changed. A program that rests is left to rest."""
        if not self.gate.limited_for() and (self.config.command is None or self.pool.live() is not None):
            self._wanted.set()

    async def look(self) -> None:
        """Have it asked, its program started if it is idle; until that is over."""
        if self._keeper is not None and self.health.state == "idle":
            self._called = True
            self._wanted.set()
            await self._wait_for_round(self._rounds + 1)

    def _may_rest(self) -> bool:
        """Whether its program need not be started to be asked: it runs for nobody, and what it offers is known."""
        if self.config.command is None or self._called or self.health.state == "down":
            return False
        return self.pool.live() is None and time.time() - self.listing.heard_at < KEPT_SECONDS

    async def _wait_for_round(self, number: int) -> None:
        async with self._round_over:
            await self._round_over.wait_for(lambda: self._rounds >= number)

    async def _keep(self) -> None:
        while True:
            self._wanted.clear()
            self._asking = True
            try:
                await self._round()
            except Exception:  # what goes wrong with one upstream must not end the task that would mend it
                log.exception("upstream %s could not be asked", self.namespace)
                self._failures += 1
            self._asking = False
            async with self._round_over:
                self._rounds += 1
                self._round_over.notify_all()
            await self._pause()

    async def _round(self) -> None:
        rests, self._called = self._may_rest(), False
        if not rests:
            await self.refresh()
        elif self.health.state != "idle":
            self.health = Health("idle", time.time())

    async def _pause(self) -> None:
        """Until the next look: a while, or until somebody wants it. Idle sessions are closed meanwhile."""
        step = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS)) - 1] if self._failures else self.config.refresh
        until = time.monotonic() + max(step, self.gate.limited_for())
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, TRIM_SECONDS, self.config.idle)):
                    await self._wanted.wait()
                    return
            self.pool.trim()

    async def refresh(self) -> None:
        """Ask what it offers. A failure leaves the last good listing."""
        try:
            listing = await self._fetch()
        except SessionLost:
            self._failures += 1  # the next look, in a second, opens a new one
        except UpstreamLimited as error:
            self._failures += 1
            self.gate.limit(error)
            if self.health.state == "unknown":
                self._mark_down(error)
        except UpstreamError as error:
            self._failures += 1
            self._mark_down(error)
            if not isinstance(error, UpstreamDown | UpstreamTimeout):
                self.connector.forget()  # it answers, but not as it did: perhaps it speaks another era now
                self.pool.renew()
        else:
            self._failures = 0
            if self.health.state == "down":
                self.gate.answered()  # one that lists well and yet fails in calls is left to the trial
            self._is_up()
            self._heard(listing)

    def _heard(self, listing: Listing) -> None:
        changed = not listing.same_offer(self.listing)
        self._adopt_listing(listing)
        try:
            self._file.save(Remembered(listing, self.connector.speech, self._stateful))
        except OSError as error:
            log.warning("the listing of upstream %s cannot be kept for the next start: %s", self.namespace, error)
        if changed:
            self.watcher.again()
            self._on_listing()

    def _list_changed(self) -> None:
        self._wanted.set()

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
        for task in (self._keeper, self._listener):
            if task is not None:
                task.cancel()

    async def close(self) -> None:
        """End the task, the sessions and the connections."""
        self.rest()
        for task in (self._keeper, self._listener):
            if task is not None:
                await asyncio.wait([task])
        await self.held.close()
        await self.pool.close()
        await self.connector.close()
        await self.visits.close()
