"""Open sessions of one upstream, by share key. Every session belongs to one key from its first call to its last."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.upstream.session import Session
from gateway.upstream.sharing import ShareKey

MAX_SESSIONS = 200
IDLE_SECONDS = 600.0

Open = Callable[[ShareKey], Awaitable[Session]]


@dataclass(slots=True)
class _Slot:
    """The session of one key: opened by whoever comes first, while the others wait."""

    session: Session | None = None
    users: int = 0
    idle_since: float = 0.0
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


class SessionPool:
    """Keeps sessions, oldest use first. A full pool closes idle ones; it never closes one that a call is using."""

    def __init__(self, open: Open, *, limit: int = MAX_SESSIONS, idle: float = IDLE_SECONDS):
        self._open = open
        self._limit = limit
        self._idle = idle
        self._slots: OrderedDict[ShareKey, _Slot] = OrderedDict()

    def __len__(self) -> int:
        return sum(slot.session is not None for slot in self._slots.values())

    def __repr__(self) -> str:
        busy = sum(slot.users > 0 for slot in self._slots.values())
        return f"<SessionPool sessions={len(self)} busy={busy}>"

    @asynccontextmanager
    async def acquire(self, key: ShareKey) -> AsyncGenerator[Session]:
        """The session of `key` for one call, opened if need be; a session that died is replaced."""
        if not key.lasting:
            session = await self._open(key)
            try:
                yield session
            finally:
                await session.close()
            return
        slot = self._slots.setdefault(key, _Slot())
        self._slots.move_to_end(key)
        slot.users += 1
        try:
            yield await self._ready(key, slot)
        finally:
            slot.users -= 1
            slot.idle_since = asyncio.get_running_loop().time()

    async def _ready(self, key: ShareKey, slot: _Slot) -> Session:
        if slot.session is not None and not slot.session.closed:
            return slot.session
        async with slot.opening:
            if slot.session is not None and slot.session.closed:
                dead, slot.session = slot.session, None
                await dead.close()
            if slot.session is None:
                if len(self._slots) > self._limit:
                    await self.trim()
                slot.session = await self._open(key)
            return slot.session

    def adopt(self, orphan: ShareKey, key: ShareKey) -> None:
        """Let `key` have the idle session of `orphan`, if it has none itself: one process is enough for one user."""
        slot = self._slots.get(orphan)
        if key not in self._slots and slot is not None and slot.users == 0 and slot.session is not None:
            self._slots[key] = self._slots.pop(orphan)

    def any_open(self) -> ShareKey | None:
        """The key of some open session."""
        return next((key for key, slot in self._slots.items() if slot.session and not slot.session.closed), None)

    def renew(self) -> None:
        """Have every session replaced at its next use."""
        for slot in self._slots.values():
            if slot.session is not None:
                slot.session.closed = True

    async def trim(self) -> None:
        """Close what nobody has used for long, and the longest unused beyond the limit."""
        oldest_good = asyncio.get_running_loop().time() - self._idle
        spare = len(self._slots) - self._limit
        for key, slot in list(self._slots.items()):
            if slot.users == 0 and (slot.session is None or slot.idle_since < oldest_good or spare > 0):
                del self._slots[key]
                spare -= 1
                if slot.session is not None:
                    await slot.session.close()

    async def close(self) -> None:
        """Close every session; calls that use one fail."""
        sessions = [slot.session for slot in self._slots.values() if slot.session is not None]
        self._slots.clear()
        await asyncio.gather(*(session.close() for session in sessions))
