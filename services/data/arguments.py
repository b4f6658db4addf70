"""The tools' arguments, as clients' models read them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from services.data.job import ROWS

# Longer SQL nests deep enough to crash DuckDB's parser.
MAX_SQL = 20_000
MAX_TEXT = 100_000
MAX_TABLE_TEXT = 1_000_000
MAX_INLINE_ROWS = 10_000

DatasetName = Annotated[
    str, Field(description="A data set's name, or its path under the data folder.", examples=["sales", "sales.csv"])
]
Sql = Annotated[
    str,
    Field(
        description="One SELECT in DuckDB's dialect. Each data set is a table; quote names that need it.",
        examples=["SELECT region, sum(amount) FROM sales GROUP BY region"],
        max_length=MAX_SQL,
    ),
]
Rows = Annotated[
    list[dict[str, Any]] | None,
    Field(
        description=f"Rows of your own, as objects: the SQL reads them as the table `{ROWS}`. Text in ISO 8601 becomes "
        "dates and times.",
        examples=[[{"city": "Oslo", "visits": 12}, {"city": "Rome", "visits": 7}]],
        max_length=MAX_INLINE_ROWS,
    ),
]
TableText = Annotated[
    str | None,
    Field(
        description=f"A table as text of your own, in `text_format`: the SQL reads it as the table `{ROWS}`.",
        max_length=MAX_TABLE_TEXT,
    ),
]
Column = Annotated[str | None, Field(max_length=1_000)]
TextFormat = Literal["csv", "json", "jsonl"]
FileFormat = Literal["csv", "json", "jsonl", "parquet"]
PictureFormat = Literal["png", "svg"]
