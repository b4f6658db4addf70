"""Makes PostgreSQL behave as the service needs: lost connections are replaced, and given up ones do not delay."""

import asyncpg
from sqlalchemy import URL, Pool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_GOODBYE = 0.25


class _Connection(asyncpg.Connection):
    """A connection that waits only so long, in seconds, for the server to say goodbye.

    SQLAlchemy closes the connection of a call that took too long and allows 2 s for it, on top of the call's own
    time; past the limit here it drops the connection instead.
    """

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        await super().close(timeout=_GOODBYE if timeout is None else min(timeout, _GOODBYE))


def open_postgresql(url: URL, poolclass: type[Pool] | None = None) -> AsyncEngine:
    """An engine for the database of the url; it connects at first use."""
    return create_async_engine(
        url,
        poolclass=poolclass,
        hide_parameters=True,
        # Finds connections that died while idle, so that a database that was away is back at the next call.
        pool_pre_ping=True,
        connect_args={"connection_class": _Connection},
    )
