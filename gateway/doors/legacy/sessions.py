"""What the express door knows of legacy sessions: those that it saw given out, and nothing on a client's word."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from gateway.doors.companion import Companion
from gateway.doors.legacy.questions import Questions
from gateway.doors.legacy.reply import LegacyReply
from gateway.doors.legacy.transport import Transport
from gateway.ground.overdue import Overdue
from gateway.upstream.messages import Id

MOST_SESSIONS = 10_000  # as many as the SDK keeps


class Request:
    """One that the current task answers, in a `with` block. `ended` is why it was ended from outside: code and message
    of its answer.

    Once it is no longer `young`, its reply stays open.
    """

    __slots__ = ("_keeper", "_session", "ended", "id", "reply")

    def __init__(self, session: "Session", id: Id, reply: LegacyReply, young: Overdue):
        self._session = session
        self.id = str(id)  # the SDK's name for the stream of its answer
        self.reply = reply
        self.ended: tuple[int, str] | None = None
        self._keeper = Companion(young, reply.stay)

    @property
    def task(self) -> asyncio.Task[Any]:
        return self._keeper.call

    def __enter__(self) -> "Request":
        self._session.running[self.id] = self
        return self

    def __exit__(self, *_: object) -> None:
        del self._session.running[self.id]
        self.reply.staying = self._keeper.leave()
        self._session.questions.end(self.reply)


class Session:
    """One session. `subject` is whose it is, `version` the protocol's as the header has it.

    `is_ready` tells that the client has said that it is initialized.
    """

    def __init__(
        self, id: str, subject: str, version: str, capabilities: Mapping[str, Any], transport: Transport
    ) -> None:
        self.id = id
        self.header = id.encode()
        self.subject = subject
        self.version = version.encode()
        self.capabilities = capabilities
        self.transport = transport
        self.questions = Questions(capabilities)
        self.is_ready = False
        self.running: dict[str, Request] = {}

    def runs(self, id: Id) -> bool:
        """Whether a request of this id is being answered."""
        return str(id) in self.running

    def end_request(self, id: Any, code: int, message: str) -> bool:
        """Have the request of this id answered with an error instead; False where none of it runs."""
        request = self.running.get(str(id)) if type(id) in (int, str) else None
        if request is None or request.ended is not None:
            return False
        request.ended = (code, message)
        request.task.cancel()
        return True

    def end(self, code: int, message: str) -> None:
        """Have every request answered with an error instead."""
        for id in list(self.running):
            self.end_request(id, code, message)


class LegacySessions:
    """The sessions by id, the longest unused forgotten past a bound."""

    def __init__(self, limit: int = MOST_SESSIONS):
        self._limit = limit
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, session: Session) -> None:
        while self._sessions and (len(self) >= self._limit or next(iter(self._sessions.values())).transport.is_over):
            self._sessions.popitem(last=False)
        self._sessions[session.header] = session

    def find(self, id: bytes) -> Session | None:
        """The session of that id, unless it is over."""
        session = self._sessions.get(id)
        if session is None:
            return None
        if session.transport.is_over:
            self.forget(session)
            return None
        self._sessions.move_to_end(id)
        return session

    def forget(self, session: Session) -> None:
        self._sessions.pop(session.header, None)
