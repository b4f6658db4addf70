"""Rows from text in CSV, JSON or JSON Lines that a caller sends."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from services.workers.job import Refused

DELIMITERS = ",;\t|"
MAX_ROWS = 100_000
LARGEST_WHOLE = 2**53


def rows_of(text: str, form: str) -> list[dict[str, Any]]:
    """The rows of `text` in the format `form`, one of PARSERS, as objects. Raises Refused, with the line at fault."""
    rows: list[dict[str, Any]] = []
    for row in PARSERS[form](text.removeprefix("\ufeff")):
        if not isinstance(row, dict):
            raise Refused(f"Row {len(rows) + 1} of the text is no object with a member for each column. Correct it.")
        if len(rows) == MAX_ROWS:
            raise Refused(f"The text has more than {MAX_ROWS} rows. Send less of it.")
        rows.append(row)
    return _typed(rows) if form == "csv" else rows


def _csv(text: str) -> Iterator[dict[str, Any]]:
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        names = reader.fieldnames or ()
        if len(set(names)) < len(names):
            raise Refused("Two columns of the CSV text have one name. Name them so that they can be told apart.")
        for row in reader:
            if None in row or None in row.values():
                raise Refused(f"Line {reader.line_num} of the CSV text does not have as many values as its first line.")
            yield {name: value or None for name, value in row.items()}
    except csv.Error:
        raise Refused(f"Line {reader.line_num} of the CSV text is broken, perhaps by a quote. Correct it.") from None


def _json(text: str) -> Iterator[Any]:
    found = _parsed(text, 0)
    yield from found if isinstance(found, list) else [found]


def _json_lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines()):
        if line.strip():
            yield _parsed(line, number)


def _parsed(text: str, lines_before: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"The text is not JSON from line {error.lineno + lines_before} on. Correct it.") from None
    except (RecursionError, ValueError):
        raise Refused("The JSON is nested too deeply, or has a number of too many digits. Simplify it.") from None


def _typed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """CSV values as numbers and booleans, in the columns where all of them are."""
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        for convert in (_whole, _number, _boolean):
            converted = [None if value is None else convert(value) for value in values]
            if all((new is None) == (old is None) for new, old in zip(converted, values, strict=True)):
                for row, value in zip(rows, converted, strict=True):
                    row[name] = value
                break
    return rows


def _whole(text: str) -> int | None:
    # A leading zero is a digit of a code, and no number's.
    is_whole = len(text) <= 18 and text.isascii() and text.removeprefix("-").isdigit()
    return int(text) if is_whole and str(int(text)) == text else None


def _number(text: str) -> float | None:
    has_zero_in_front = text.removeprefix("-").startswith("0") and not text.removeprefix("-").startswith("0.")
    try:
        number = None if (has_zero_in_front and text != "0") or "_" in text else float(text)
    except ValueError:
        return None
    if number is None or not math.isfinite(number):
        return None
    # A long whole number is an id, as often as not, and would become another.
    return number if abs(number) <= LARGEST_WHOLE or not text.removeprefix("-").isdigit() else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


PARSERS: dict[str, Callable[[str], Iterator[Any]]] = {"csv": _csv, "json": _json, "jsonl": _json_lines}
