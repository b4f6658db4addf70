"""Makes SQLite behave as the service needs: real transactions, foreign keys, statements that end in time."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

# The share of a call's time that waiting for another process's lock may take: less than all, so that the
# error is SQLite's own ('locked') and not that of a call cut short.
_LOCK_SHARE = 0.8
_STEPS_BETWEEN_CHECKS = 10_000


@dataclass
class _Deadline:
    """When the running transaction must end. SQLite runs in a thread that cancelling the call does not stop."""

    at: float = float("inf")

    def passed(self) -> bool:
        return time.monotonic() > self.at


def open_sqlite(url: URL, timeout: float) -> AsyncEngine:
    """An engine for the file of the url, its folder made. Raises OSError when that cannot be.

    A transaction that runs longer than `timeout` seconds is interrupted. Connections with the execution
    option `write` take the write lock when they begin.
    """
    if not _is_uri(url):
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        hide_parameters=True,
        # Without an isolation level the sqlite3 module begins no transactions of its own; _begin does.
        connect_args={"timeout": timeout * _LOCK_SHARE, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.info["deadline"].at = time.monotonic() + timeout
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def sqlite_path(url: URL) -> str:
    """The whole path of the url's file. The url may be a `file:` URI with options behind it."""
    name = str(url.database)
    if _is_uri(url):
        name = unquote(name.removeprefix("file:").partition("?")[0])
    return str(Path(name).absolute())


def _is_uri(url: URL) -> bool:
    return str(url.database).startswith("file:")


def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    deadline = record.info["deadline"] = _Deadline()
    connection.run_async(lambda driver: driver.set_progress_handler(deadline.passed, _STEPS_BETWEEN_CHECKS))
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
