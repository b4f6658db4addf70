"""DuckDB's errors in words for the caller: what is wrong and where, without the values that were sent or read."""

import json
import re

import duckdb

OUT_OF_MEMORY = "The query needs more memory than it may use. Filter or aggregate earlier, or select fewer columns."
BROKEN = "The data engine failed on this query. Write the query another way."

# After these the process gets no other job: memory may stay taken, or the engine calls itself corrupt.
ENDING = (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException, MemoryError)

# Found before anything runs, so that their position is one in the caller's SQL.
LOCATED = frozenset({"Binder", "Catalog", "Parser"})
QUOTED = re.compile(r"""(["'])(?:(?!\1).)*\1""")
MAX_LENGTH = 200


def explain(error: duckdb.Error | MemoryError, prefix: int) -> str:
    """What went wrong, where, and what to do. `prefix` counts the characters that we put before the caller's SQL."""
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return OUT_OF_MEMORY
    details = _details(error)
    if not details or isinstance(error, ENDING):
        return BROKEN
    return f"The query failed{_where(details, prefix)}: {_what(details)} {_cure(details)}"


def _details(error: duckdb.Error) -> dict[str, str]:
    """The JSON that follows the error's kind under the setting `errors_as_json`."""
    _, brace, rest = str(error).partition("{")
    try:
        return json.loads(brace + rest)
    except json.JSONDecodeError:
        return {}


def _where(details: dict[str, str], prefix: int) -> str:
    position = int(details.get("position", -1)) - prefix
    if details.get("exception_type") not in LOCATED or position < 0:
        return ""
    return f" near character {position + 1}"


def _what(details: dict[str, str]) -> str:
    """The first line of the message, with names and values of the caller's or of the data's left out."""
    line = details.get("exception_message", "").partition("\n")[0]
    if name := details.get("name"):
        line = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", line)
    line = QUOTED.sub("…", line)[:MAX_LENGTH]
    return line.rstrip(".!:") + "."


def _cure(details: dict[str, str]) -> str:
    if candidates := details.get("candidates"):
        return f"Candidates: {candidates[:MAX_LENGTH]}."
    return "Correct the query; the tool profile shows columns and their types."
