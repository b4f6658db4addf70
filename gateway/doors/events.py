"""What was sent to legacy sessions of late, so that a client which lost a stream can take it up again with
`Last-Event-ID` (2025-11-25 `basic/transports`, Resumability and Redelivery).

A session's transport hands in its streams under ids of its own, so an event is found again by its own session only,
and a session answers nobody but the caller that opened it.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe

from mcp.server.streamable_http import EventCallback, EventId, EventMessage, EventStore, StreamId
from mcp_types import JSONRPCMessage
from pydantic import TypeAdapter

MESSAGE: TypeAdapter[JSONRPCMessage] = TypeAdapter(JSONRPCMessage)

# A call may take minutes, and the event that its stream began with must be there when it ends.
KEPT_SECONDS = 600.0
MOST_EVENTS = 20_000
MOST_BYTES = 64 * 1024 * 1024
# Of these one session has no more than a share, so that it pushes out its own first. The longest answer fits.
SESSION_EVENTS = 1_000
SESSION_BYTES = 16 * 1024 * 1024
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was sent; `message` is JSON, and None for one that only marks a place."""

    session: str
    stream: StreamId
    message: bytes | None
    at: float

    @property
    def size(self) -> int:
        return len(self.message or b"")


class RecentEvents(EventStore):
    """Events in the order in which they were sent, the oldest forgotten past bounds on age, number and bytes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._events: OrderedDict[EventId, Event] = OrderedDict()
        self._of_session: dict[str, OrderedDict[EventId, None]] = {}
        self._bytes: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"<RecentEvents events={len(self._events)} bytes={self._bytes.total()}>"

    async def store_event(self, stream_id: StreamId, message: JSONRPCMessage | None) -> EventId:
        text = None if message is None else message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        event = Event(session_of(stream_id), stream_id, text, self._clock())
        id = token_urlsafe(ID_BYTES)
        self._events[id] = event
        self._of_session.setdefault(event.session, OrderedDict())[id] = None
        self._bytes[event.session] += event.size
        self._trim(event.session)
        return id

    async def replay_events_after(self, last_event_id: EventId, send_callback: EventCallback) -> StreamId | None:
        self._forget_old()
        last = self._events.get(last_event_id)
        if last is None:
            return None
        ids = list(self._of_session[last.session])
        for id in ids[ids.index(last_event_id) + 1 :]:
            event = self._events.get(id)  # sending takes time, and some may be forgotten meanwhile
            if event is not None and event.stream == last.stream and event.message is not None:
                await send_callback(EventMessage(MESSAGE.validate_json(event.message), id))
        return last.stream

    def _trim(self, session: str) -> None:
        own = self._of_session[session]
        while len(own) > 1 and (len(own) > SESSION_EVENTS or self._bytes[session] > SESSION_BYTES):
            self._forget(next(iter(own)))
        while len(self._events) > MOST_EVENTS or self._bytes.total() > MOST_BYTES:
            self._forget(next(iter(self._events)))
        self._forget_old()

    def _forget_old(self) -> None:
        oldest = self._clock() - KEPT_SECONDS
        while self._events and next(iter(self._events.values())).at < oldest:
            self._forget(next(iter(self._events)))

    def _forget(self, id: EventId) -> None:
        event = self._events.pop(id)
        own = self._of_session[event.session]
        del own[id]
        self._bytes[event.session] -= event.size
        if not own:
            del self._of_session[event.session], self._bytes[event.session]


def session_of(stream: StreamId) -> str:
    """What FastMCP puts before a stream's id to tell the sessions apart: `32:<random>:`."""
    return ":".join(stream.split(":", 2)[:2])
