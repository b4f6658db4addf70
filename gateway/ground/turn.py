"""What is written in one turn of the event loop, made to leave in a row at its end.

A write wakes whoever reads at the other end, which costs more than the write where that is on the same machine. Between
two writes with work in between the reader falls asleep again; in a row they wake it once.
"""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

# More than this is not kept back: whoever writes much has to hear of it where the other side does not read.
MOST_HELD: Final = 64 * 1024
# So many writes in a row wake a reader seldom enough; with more, the first of them would wait for the last.
MOST_HOLDING: Final = 16


class HeldTransport:
    """A transport that keeps what is written until the turn ends; of the rest it has what HTTP needs."""

    def __init__(self, transport: asyncio.Transport, turn: "Turn", loop: asyncio.AbstractEventLoop):
        self._transport = transport
        self._turn = turn
        self._loop = loop
        self.held = b""
        """What was written and has not left."""
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info = transport.get_extra_info

    def write(self, data: bytes) -> None:
        """As the transport's own, a little later: the head of an answer leaves in one piece with its body."""
        if self.held:
            self.held += data
        elif data:
            self.held = data
            self._turn.add(self, self._loop)
        if len(self.held) > MOST_HELD:
            self.flush()

    def get_write_buffer_size(self) -> int:
        """As the transport's own, with what is held."""
        return len(self.held) + self._transport.get_write_buffer_size()

    def close(self) -> None:
        """As the transport's own, after what is held."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """As the transport's own: nothing more leaves."""
        self.held = b""
        self._transport.abort()

    def flush(self) -> None:
        """Write what is held, unless nobody is there any more."""
        held, self.held = self.held, b""
        if held and not self.is_closing():
            self._transport.write(held)


class Turn:
    """The transports of one loop that hold something. It does not keep the loop, by which it is found."""

    def __init__(self) -> None:
        self._holding: list[HeldTransport] = []

    def add(self, transport: HeldTransport, loop: asyncio.AbstractEventLoop) -> None:
        """It holds something from now on."""
        if not self._holding:
            loop.call_soon(self._end)
        self._holding.append(transport)
        if len(self._holding) >= MOST_HOLDING:
            self._end()

    def _end(self) -> None:
        holding, self._holding = self._holding, []
        for each in holding:
            each.flush()


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Turn] = WeakKeyDictionary()


def held(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> HeldTransport:
    """`transport`, whose writes leave together with the others of `loop`."""
    turn = _turns.get(loop)
    if turn is None:
        turn = _turns[loop] = Turn()
    return HeldTransport(transport, turn, loop)
