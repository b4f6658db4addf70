"""What is wrong with a data file, told from DuckDB's error: which line, and why, without the values there."""

import json
import re
from collections.abc import Collection, Generator
from contextlib import contextmanager

import duckdb

from services.data.datasets import Dataset
from services.workers.job import Refused

# How DuckDB's message begins, and what we say; groups are numbers, or names of columns and types.
BEGINNINGS = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        (r"CSV Error on Line: (\d+).*not utf-8", "line {0} is not text in UTF-8"),
        (r"CSV Error on Line: (\d+).*Expected Number of Columns: (\d+) Found", "line {0} does not have {1} columns"),
        (
            r'CSV Error on Line: (\d+).*converting column "(.{1,100}?)".*to \'(\w+)\'',
            'line {0} has a value in column "{1}" that is no {2}, which the first lines have there',
        ),
        (r"CSV Error on Line: (\d+)", "line {0} is broken"),
        (r"Malformed JSON in file .*? in line (\d+)", "line {0} is not JSON"),
        (r"Malformed JSON in file .*? in record/value (\d+)", "its value number {0} is not JSON"),
        (
            r"JSON transform error in file .*? in (?:line|record/value) (\d+)",
            "its value number {0} is of another type than the first ones",
        ),
        (
            r"No magic bytes found at end of file|File .* too small to be|Failed to read file",
            "it is cut short or damaged",
        ),
    )
)
OTHERWISE = "it is damaged, closed to us, or not what its name says"


@contextmanager
def reading(datasets: Collection[Dataset]) -> Generator[None]:
    """Raises Refused for an error that is about a file of one of `datasets`, and lets others through."""
    try:
        yield
    except duckdb.Error as error:
        message = _message(error)
        what = next((text.format(*found.groups()) for begin, text in BEGINNINGS if (found := begin.match(message))), "")
        if not what:
            raise
        named = [each for each in datasets if str(each.path) in message] or datasets
        raise unreadable(next(iter(named)), what) from None


def unreadable(dataset: Dataset, why: str = OTHERWISE) -> Refused:
    """The refusal of a data set."""
    return Refused(
        f"The data set {dataset.name} can't be read: {why}. Have the file corrected, or ask for another data set."
    )


def _message(error: duckdb.Error) -> str:
    """The message within an error that is JSON, as the setting `errors_as_json` makes it."""
    _, brace, rest = str(error).partition("{")
    try:
        return str(json.loads(brace + rest).get("exception_message", ""))
    except json.JSONDecodeError:
        return ""
