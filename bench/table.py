"""A plain FastMCP server with one tool, which reads a table with SQLAlchemy and no more, to compare with:
`python -m bench.table URL` prints its own URL and serves."""

import socket
import sys
from typing import Any

import uvicorn
from fastmcp import FastMCP
from sqlalchemy import Boolean, Column, Date, Float, Integer, MetaData, String, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

readings = Table(
    "readings",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("station", String(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("degrees", Float),
    Column("count", Integer, nullable=False),
    Column("checked", Boolean, nullable=False),
    Column("note", String(100)),
)


def serving(engine: AsyncEngine) -> FastMCP:
    """The server that a newcomer to FastMCP would write."""
    server: FastMCP = FastMCP("bare")

    @server.tool
    async def page(limit: int) -> list[dict[str, Any]]:
        """The first rows."""
        async with engine.connect() as connection:
            found = await connection.execute(select(readings).order_by(readings.c.id).limit(limit))
            return [dict(row) for row in found.mappings()]

    return server


def main() -> None:
    """Serve on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    app = serving(create_async_engine(sys.argv[1])).http_app()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
