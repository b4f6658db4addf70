"""The text of the prompt `analyze`."""

import json

from services.data.results import ColumnProfile, Profile

MAX_VALUE = 60


def analysis(profile: Profile, question: str) -> str:
    """A message that asks a model to analyse the data set behind `profile`."""
    task = question.strip() or "Find what matters in it: totals, trends over time, outliers, and gaps in the data."
    columns = "\n".join(_line(column) for column in profile.columns)
    warnings = "".join(f"- {warning}\n" for warning in profile.warnings)
    warnings = f"\nKnow of the data:\n{warnings}" if warnings else ""
    return f"""Analyse the data set "{profile.dataset}", which has {profile.rows} rows.

{task}

Its columns:
{columns}
{warnings}
Use these tools (a gateway may put a prefix before their names):
- query runs one SELECT in DuckDB's dialect; the data set is the table "{profile.dataset}".
- profile gives quartiles and a sample of this data set, or figures about another to join with it.

Aggregate in SQL rather than fetching rows. Give the query behind each figure, and say what the data can't tell.
"""


def _line(column: ColumnProfile) -> str:
    missing = f", {column.nulls} missing" if column.nulls else ""
    between = column.quantiles
    quartiles = f", quartiles {between.q25}, {between.q50}, {between.q75}" if between else ""
    values = f"{_short(column.min)} to {_short(column.max)}"
    return f"- {json.dumps(column.name)} {column.type}: {values}, about {column.distinct} distinct{missing}{quartiles}"


def _short(value: object) -> str:
    # As JSON, so that a value from the data can't pass for a line of ours.
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "…"
