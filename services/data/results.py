"""The shapes that the tools return."""

from typing import Any

from pydantic import BaseModel, Field


class Processed(BaseModel):
    """A text operation and what came of it."""

    operation: str = Field(description="The operation that was applied.")
    result: str | int = Field(description="A text, or a count.")


class Column(BaseModel):
    """A column of a result."""

    name: str = Field(description="The column's name; equal names are numbered.")
    type: str = Field(description="The column's DuckDB type.")


class QueryResult(BaseModel):
    """The rows of a query."""

    columns: list[Column] = Field(description="The columns, in order.")
    rows: list[list[Any]] = Field(
        description="The rows, each a list in the order of the columns. Dates, times, and numbers that a double can't "
        "hold exactly are text; binary values are base64."
    )
    row_count: int = Field(description="How many rows are returned here.")
    truncated: bool = Field(description="Whether rows were left out here to keep the result within its bounds.")
    result_id: str | None = Field(
        description="When rows were left out: the id under which the whole result is kept for a few minutes. Page "
        "through it with the resource that is linked, whose `offset` counts rows from 0."
    )
    kept_rows: int = Field(description="How many rows are kept under `result_id`, those returned here included.")
    complete: bool = Field(description="Whether the rows here, or those kept, are all that the query gives.")


class Quantiles(BaseModel):
    """Estimated quartiles."""

    q25: float | None = Field(description="A quarter of the values are at most this.")
    q50: float | None = Field(description="Half of the values are at most this.")
    q75: float | None = Field(description="Three quarters of the values are at most this.")


class ColumnProfile(Column):
    """Figures about one column."""

    nulls: int = Field(description="How many values are missing.")
    distinct: int = Field(description="How many different values there are, estimated.")
    min: Any = Field(description="The least value; text is cut to 200 characters.")
    max: Any = Field(description="The greatest value; text is cut to 200 characters.")
    mean: float | None = Field(description="The mean, for columns of numbers.")
    quantiles: Quantiles | None = Field(description="Estimated quartiles, for columns of numbers.")


class Profile(BaseModel):
    """Figures about one data set."""

    dataset: str = Field(description="The data set's name, as `query` takes it.")
    rows: int = Field(description="How many rows the data set has.")
    columns: list[ColumnProfile] = Field(description="The columns, in order.")
    sample: list[list[Any]] = Field(description="The first rows, each a list in the order of all columns.")
    repeated: int | None = Field(description="How many rows are equal to an earlier one; null in very large data sets.")
    warnings: list[str] = Field(
        description="What to know before trusting the data: columns without values or with one value only, numbers or "
        "dates kept as text, mixed types, repeated rows. Judged from the first 1000 rows where text is concerned."
    )
    truncated: bool = Field(description="Whether columns were left out because there are very many.")


class Converted(BaseModel):
    """What a conversion gave; the file itself is the embedded resource."""

    format: str = Field(description="The file's format.")
    media_type: str = Field(description="Its media type.")
    bytes: int = Field(description="Its size.")


class Chart(BaseModel):
    """A chart; the picture is the image beside it."""

    mark: str = Field(description="The kind of chart: line, area, bar or point.")
    x: str = Field(description="The column along the x axis, or along the y axis where bars lie.")
    y: str | None = Field(description="The column of the heights; null where rows are counted.")
    color: str | None = Field(description="The column that splits the data into colors, if any.")
    rows: int = Field(description="How many rows were drawn.")
    spec: dict[str, Any] = Field(description="The chart as a Vega-Lite specification, with its data.")
