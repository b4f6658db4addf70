"""The text of the prompt `analyze`."""

import json

from services.data.results import ColumnProfile, Profile
from services.workers.job import Refused

MAX_VALUE = 60


def analysis(profile: Profile, question: str, column: str = "") -> str:
    """A message that asks a model to analyse the data set behind `profile`, and its `column` above all.

    Raises Refused when there is no such column.
    """
    task = question.strip() or "Find what matters in it: totals, trends over time, outliers, and gaps in the data."
    if column:
        task += f"\nLook at the column {json.dumps(_named(profile, column))} above all."
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


def _named(profile: Profile, wanted: str) -> str:
    names = [column.name for column in profile.columns]
    found = next((name for name in names if name.casefold() == wanted.casefold()), None)
    if found is None:
        raise Refused(f"The data set has no such column. It has: {', '.join(names)}.")
    return found


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
