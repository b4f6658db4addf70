"""What the tools of the database service take, described for who calls them."""

from typing import Annotated, Any

from pydantic import Field

MAX_SQL = 20_000
MAX_CURSOR = 65_536

DatabaseName = Annotated[str, Field(description="The database's name, where there are several.")]
SqlText = Annotated[
    str,
    Field(
        max_length=MAX_SQL,
        description="One SELECT (or WITH, VALUES, a set operation) in the dialect of the database, PostgreSQL's or "
        "SQLite's, with the usual functions.",
    ),
]
TableName = Annotated[str, Field(description="The table's name.")]
Columns = Annotated[list[str] | None, Field(description="Columns to read; by default all.")]
Where = Annotated[
    dict[str, Any] | None,
    Field(
        description="Which rows: an object of columns, each with a value to equal or an object of operators "
        "(eq, ne, lt, le, gt, ge, like with % and _, in with a list, is_null with true or false). All must "
        'hold. Example: {"role": "admin", "id": {"gt": 3, "in": [4, 5]}}.'
    ),
]
Values = Annotated[
    dict[str, Any] | list[dict[str, Any]] | None,
    Field(description="What to write: an object of columns and values; for an insert also a list of them."),
]
OrderBy = Annotated[
    list[str] | None,
    Field(
        description="Columns to order by, '-' before one for descending; null counts as the greatest. Rows that are "
        "equal in them follow the primary key, and so do all by default."
    ),
]
Limit = Annotated[int | None, Field(ge=1, description="Rows of one page at most, within the operator's limit.")]
Cursor = Annotated[
    str | None,
    Field(
        max_length=MAX_CURSOR,
        description="next_cursor of the page before, with the same table, where and order_by. The next page begins "
        "after its last row, whatever was inserted or deleted since.",
    ),
]
Returning = Annotated[
    list[str] | None,
    Field(description="Columns to give back of the rows written; of an insert, by default the primary key."),
]
DryRun = Annotated[
    bool, Field(description="Do it, say how many rows it was, and undo it, so that the constraints are tried as well.")
]
