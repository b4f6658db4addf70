"""The worker of the tool `sql`: it checks statements for both kinds of database, and runs SQLite's.

A process of its own for the checks because deep nesting may end it, and for SQLite because some of its work cannot be
interrupted; and so the parser stays out of our start-up.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from services.database.sql_guard import check
from services.database.sqlite_sql import explain, run, told
from services.workers.job import Limits, Refused
from services.workers.process import serve

VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    "check": lambda limits, sql: {"sql": check(sql, "postgres")},
    "run": lambda limits, sql, **target: run(check(sql, "sqlite"), limits, **target),
    "explain": lambda limits, sql, **target: explain(check(sql, "sqlite"), limits, **target),
}


def main() -> None:
    serve(Limits, lambda _: None, _perform)


def _perform(_: None, limits: Limits, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        return {"result": VERBS[job.pop("verb")](limits, **job)}, b""
    except Refused as refused:
        return {"error": str(refused)}, b""
    except (sqlite3.Error, MemoryError) as error:
        # After an error of memory the process may be in any state.
        return {"error": told(error), "last": isinstance(error, MemoryError)}, b""


if __name__ == "__main__":
    main()
