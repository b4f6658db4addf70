"""Unix sockets of this user alone, at paths of any length."""

import socket
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 100
"""Bytes; the system allows a few more."""


def listen_at(path: Path) -> socket.socket:
    """A socket that listens there, and that only processes of this user reach. What was there before is replaced.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        with short(path) as name:
            listener.bind(name)
        path.chmod(0o600)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def short(path: Path) -> Generator[str]:
    """A name of that path which is short enough for a socket's."""
    if len(str(path).encode()) <= LONGEST:
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, "d")
        link.symlink_to(path.parent.absolute())
        yield str(link / path.name)


def clear_left(folder: Path) -> None:
    """Remove the sockets in `folder` at which nobody listens any more: a crash left them."""
    for path in folder.glob("*.sock"):
        with socket.socket(socket.AF_UNIX) as client, short(path) as name:
            try:
                client.connect(name)
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                pass  # it is gone already, or whoever listens there is busy
