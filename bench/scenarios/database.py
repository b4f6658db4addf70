"""What a page of the database service costs."""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from bench import parts
from bench.load import Request
from bench.report import Section
from bench.rounds import Effort, Row, in_turn, ratios
from bench.table import readings

ROWS = 20_000
PAGE = 1_000
CLIENTS = 4


def database(effort: Effort) -> Section:
    """A page of 1,000 rows of a SQLite file, 4 clients, against the same query alone behind a plain FastMCP tool."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder, 'readings.db')}"
        asyncio.run(_write(url))
        with parts.gateway([], more=f'[services.database]\nurl = "{url}"\n') as ours, parts.bare_table(url) as theirs:
            rows = [
                Row(ours, _page("database_query", table="readings")),
                Row(theirs.named("plain FastMCP and SQLAlchemy"), _page("page", limit=PAGE)),
            ]
            in_turn(rows, effort, clients=CLIENTS)
    return Section(rows, {"page": ratios(rows[0], rows[1])})


def _page(tool: str, **arguments: Any) -> Request:
    """A call whose rows must be the first ones."""

    def check(_: int, result: dict[str, Any]) -> bool:
        found = result["structuredContent"]
        rows = found.get("rows") or found["result"]
        return not result.get("isError") and [row["id"] for row in rows] == list(range(1, PAGE + 1))

    return Request("tools/call", lambda _: {"name": tool, "arguments": arguments}, check)


async def _write(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(readings.metadata.create_all)
        await connection.execute(readings.insert(), list(_readings()))
    await engine.dispose()


def _readings() -> Iterator[dict[str, Any]]:
    for number in range(ROWS):
        yield {
            "station": f"station {number % 40}",
            "day": date(2025, 1, 1) + timedelta(days=number // 40),
            "degrees": None if number % 50 == 0 else (number * 37 % 400) / 10 - 10,
            "count": number * 13 % 1_000,
            "checked": number % 3 == 0,
            "note": f"note {number % 500}, as it was written down" if number % 4 else None,
        }
