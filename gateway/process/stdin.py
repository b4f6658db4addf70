"""Let a signal end what is served over stdio the way its client does: by the end of stdin."""

import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

SIGNALS = (signal.SIGINT, signal.SIGTERM)
CHUNK = 64 * 1024


@contextmanager
def ended_by_signals() -> Generator[None]:
    """Inside the block stdin ends when its writer ends it, or when SIGINT or SIGTERM comes.

    The SDK reads stdin in a thread, which no signal and no cancellation can wake. So it is given a socket in stdin's
    place, which another thread fills, and which we can shut.
    """
    if threading.current_thread() is not threading.main_thread():  # signals come to the main thread alone
        yield
        return
    writer, reader = socket.socketpair()
    stdin = os.dup(0)
    os.dup2(reader.fileno(), 0)
    threading.Thread(target=_copy, args=(stdin, writer), daemon=True).start()
    previous = {number: signal.signal(number, lambda *_: _shut(writer)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        os.dup2(stdin, 0)
        _shut(writer)
        reader.close()


def _copy(source: int, writer: socket.socket) -> None:
    with suppress(OSError):  # the other end is shut: there is nobody left to copy for
        while chunk := os.read(source, CHUNK):
            writer.sendall(chunk)
    _shut(writer)


def _shut(writer: socket.socket) -> None:
    with suppress(OSError):
        writer.shutdown(socket.SHUT_WR)
