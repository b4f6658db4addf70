"""Runs one SELECT on PostgreSQL that cannot write, lock, stay, or send more than its share.

Even if the check of its text let something through: it runs in a transaction that is READ ONLY and always rolled back,
as a role of the operator's choice, ended by the server itself when late, on a connection of its own that is closed
behind it. So nothing of it is left, as after DISCARD ALL.
"""

import json
from typing import Any

from fastmcp.exceptions import ToolError
from sqlalchemy.ext.asyncio import AsyncConnection

# The server itself counts bytes, so that no more leaves it than an answer may have. A row that is too large for one
# comes as null.
_BOUNDED = """SELECT CASE WHEN length(line) > {max_bytes} THEN NULL ELSE line END FROM (
SELECT line, sum(length(line)) OVER (ROWS UNBOUNDED PRECEDING) - length(line) AS before FROM (
SELECT to_json(answer)::text AS line FROM (
{sql}
) AS answer LIMIT {rows}
) AS lines
) AS counted WHERE before <= {max_bytes}"""

SAME_NAME = "Two columns of the result have the same name. Tell them apart with AS."
TOO_LARGE = "One row is larger than an answer may be. Select fewer columns, or parts of them."


async def run(connection: AsyncConnection, sql: str, max_rows: int, max_bytes: int) -> dict[str, Any]:
    """Columns and rows, as many as fit.

    Raises ToolError for a row that is too large, and for two columns of one name.
    """
    columns = list((await connection.exec_driver_sql(f"SELECT * FROM (\n{sql}\n) AS answer LIMIT 0")).keys())
    if len(set(columns)) < len(columns):
        raise ToolError(SAME_NAME)
    bounded = _BOUNDED.format(sql=sql, max_bytes=max_bytes, rows=max_rows + 1)
    lines = (await connection.exec_driver_sql(bounded)).scalars().all()
    rows, room = [], max_bytes - len(json.dumps(columns))
    for line in lines[:max_rows]:
        room -= max_bytes + 1 if line is None else len(line.encode())
        if room < 0:
            break
        row = json.loads(line)
        rows.append([row[column] for column in columns])
    if lines and not rows:
        raise ToolError(TOO_LARGE)
    return {"columns": columns, "rows": rows, "row_count": len(rows), "truncated": len(rows) < len(lines)}


async def explain(connection: AsyncConnection, sql: str) -> dict[str, Any]:
    """The plan, a line for each step."""
    return {"plan": list((await connection.exec_driver_sql(f"EXPLAIN\n{sql}")).scalars().all())}


async def confine(connection: AsyncConnection, seconds: float, role: str | None) -> None:
    """Make the transaction that begins here one that reads, and ends in time."""
    await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    for name, value in {"statement_timeout": seconds, "lock_timeout": seconds}.items():
        await connection.exec_driver_sql(f"SET LOCAL {name} = {max(1, int(value * 1000))}")
    if role is not None:
        quoted = connection.dialect.identifier_preparer.quote_identifier(role)
        await connection.exec_driver_sql(f"SET LOCAL ROLE {quoted}")
