"""What a reader of a data set should know before trusting it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 0.5
NAME_LENGTH = 60


@dataclass(frozen=True)
class Look:
    """How many of a text column's first values there are, and how many of them read as numbers and as dates."""

    values: int
    numbers: int
    dates: int


def oddities(columns: Sequence[Mapping[str, Any]], rows: int, looks: Mapping[str, Look], repeated: int) -> list[str]:
    """Warnings about columns, as profiled, and about `repeated`, the rows that are equal to an earlier one."""
    about_columns = (text for column in columns for text in _about(column, rows, looks.get(column["name"])))
    return [*about_columns, *([f"{repeated} rows repeat another row."] if repeated else [])]


def _about(column: Mapping[str, Any], rows: int, look: Look | None) -> Iterator[str]:
    name = json.dumps(column["name"], ensure_ascii=False)
    name = name if len(name) <= NAME_LENGTH else f'{name[:NAME_LENGTH]}…"'
    nulls = column["nulls"]
    if rows and nulls == rows:
        yield f"Column {name} has no values."
    elif nulls > rows * MOST:
        yield f"Column {name} has no value in {nulls} of {rows} rows."
    elif rows > 1 and not nulls and column["distinct"] == 1 and column["min"] == column["max"]:
        yield f"Column {name} has the same value in every row."
    if look is not None and look.values:
        yield from _about_text(name, look)


def _about_text(name: str, look: Look) -> Iterator[str]:
    for found, what, cure in (
        (look.numbers, "numbers", "TRY_CAST(… AS DOUBLE)"),
        (look.dates, "dates", "TRY_CAST(… AS DATE), or try_strptime with their format"),
    ):
        if found == look.values:
            yield f"Column {name} holds {what} as text. In SQL, use {cure}."
        elif found > look.values * MOST:
            yield f"Column {name} mixes {what} with other text: {found} of the first {look.values} values are {what}."
