"""Open sessions of one upstream, by share key. Every session belongs to one key from its first call to its last."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.upstream.errands import Errands
from gateway.upstream.session import Session
from gateway.upstream.sharing import EVERYONE, ShareKey

MAX_SESSIONS = 200
# Of one user, or of one session of a client. Each may declare other capabilities.
MAX_OF_HOLDER = 8
IDLE_SECONDS = 600.0

Open = Callable[[ShareKey], Awaitable[Session]]


@dataclass(slots=True, eq=False)
class _Slot:
    """The session of one key: opened by whoever comes first, while the others wait. A retired one serves nobody new,
    and ends with the last call that uses it."""

    session: Session | None = None
    users: int = 0
    idle_since: float = 0.0
    retired: bool = False
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


class SessionPool:
    """Keeps sessions, longest unused first. One that a call is using is closed only when it is dead, or by `close`.

    What to close is decided without waiting; the closing itself is done aside, so that no caller's leaving stops it.
    """

    def __init__(self, open: Open, *, limit: int = MAX_SESSIONS, idle: float = IDLE_SECONDS):
        self._open = open
        self._limit = limit
        self._idle = idle
        self._slots: OrderedDict[ShareKey, _Slot] = OrderedDict()
        self._in_use: set[_Slot] = set()
        self._errands = Errands()

    def __len__(self) -> int:
        return sum(slot.session is not None for slot in {*self._slots.values(), *self._in_use})

    def __repr__(self) -> str:
        return f"<SessionPool sessions={len(self)} busy={len(self._in_use)}>"

    def acquire(self, key: ShareKey, *, is_use: bool = True) -> "Lease":
        """The session of `key` for one call, opened if need be; a session that died is replaced.

        A call that `is_use` is not does not count when it is asked how long nobody has used the session.
        """
        return Lease(self, key, is_use)

    def enter(self, key: ShareKey) -> _Slot:
        """Begin to use the slot of `key`, until `leave`."""
        slot = self._slots.get(key) if key.lasting else None
        if slot is None:
            slot = _Slot(idle_since=time.monotonic(), retired=not key.lasting)
            if key.lasting:
                self._make_room(key.holder)
                self._slots[key] = slot
        if not slot.users:
            self._in_use.add(slot)
            if key.lasting:
                self._slots.move_to_end(key)
        slot.users += 1
        return slot

    def _make_room(self, holder: tuple[str, ...]) -> None:
        """Close what one holder has not used for longest: a client that declares something new each time gets a new
        session each time, and would push out all the others' otherwise."""
        if holder == EVERYONE:
            return
        own = [key for key in self._slots if key.holder == holder]
        unused = [key for key in own if not self._slots[key].users]
        for key in unused[: max(0, len(own) + 1 - MAX_OF_HOLDER)]:
            self._retire(key)

    def leave(self, slot: _Slot, is_use: bool) -> None:
        """The call that entered `slot` is over."""
        slot.users -= 1
        if is_use:
            slot.idle_since = time.monotonic()
        if not slot.users:
            self._in_use.discard(slot)
            if slot.retired:
                self._end(slot)

    async def ready(self, key: ShareKey, slot: _Slot) -> Session:
        """The slot's session, opened by whoever comes first."""
        if slot.session is not None and not slot.session.closed:
            return slot.session
        async with slot.opening:
            if slot.session is not None and slot.session.closed:
                self._end(slot)
            if slot.session is None:
                if len(self._slots) > self._limit:
                    self.trim()
                slot.session = await self._open(key)
            return slot.session

    def adopt(self, orphan: ShareKey, key: ShareKey) -> None:
        """Let `key` have the session of `orphan`, if it has none itself: one process is enough for one user.

        Whoever uses or opens it as `orphan` now goes on doing so.
        """
        if key.lasting and key not in self._slots and orphan in self._slots:
            self._slots[key] = self._slots.pop(orphan)

    def live(self) -> Session | None:
        """Some lasting session that is open, for who must neither open one nor keep it from being idle."""
        sessions = (slot.session for slot in self._slots.values())
        return next((each for each in sessions if each is not None and not each.closed), None)

    def any_key(self) -> ShareKey | None:
        """The key of some session: of one that is open, or else of one that is to be opened anyway."""
        live = (key for key, slot in self._slots.items() if slot.session is not None and not slot.session.closed)
        return next(live, next(iter(self._slots), None))

    def renew(self) -> None:
        """Have every key open a new session at its next use."""
        for key in list(self._slots):
            self._retire(key)

    def trim(self) -> None:
        """Close what is dead, what nobody has used for long, and the longest unused beyond the limit."""
        oldest_good = time.monotonic() - self._idle
        spare = len(self._slots) - self._limit
        for key, slot in list(self._slots.items()):
            dead = slot.session is None or slot.session.closed
            if slot.users == 0 and (dead or slot.idle_since < oldest_good or spare > 0):
                self._retire(key)
                spare -= 1

    def _retire(self, key: ShareKey) -> None:
        slot = self._slots.pop(key)
        slot.retired = True
        if not slot.users:
            self._end(slot)

    def _end(self, slot: _Slot) -> None:
        session, slot.session = slot.session, None
        if session is not None:
            self._errands.start(session.close(), f"closing {session!r}")

    async def close(self) -> None:
        """Close every session; calls that use one fail."""
        self.renew()
        for slot in self._in_use:
            self._end(slot)
        await self._errands.finish()


class Lease:
    """The use of one session for one call."""

    __slots__ = ("_is_use", "_key", "_pool", "_slot")

    def __init__(self, pool: SessionPool, key: ShareKey, is_use: bool):
        self._pool = pool
        self._key = key
        self._is_use = is_use

    async def __aenter__(self) -> Session:
        slot = self._slot = self._pool.enter(self._key)
        if slot.session is not None and not slot.session.closed:
            return slot.session
        try:
            return await self._pool.ready(self._key, slot)
        except BaseException:  # a cancellation too
            self._pool.leave(slot, self._is_use)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._pool.leave(self._slot, self._is_use)
