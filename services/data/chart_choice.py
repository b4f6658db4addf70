"""Which chart suits a result: chosen from the columns, where the caller leaves it open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from services.workers.job import Refused

Mark = Literal["line", "area", "bar", "point"]
Kind = Literal["time", "number", "text"]

MAX_BARS = 50
MAX_COLORS = 12
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "DOUBLE", "FLOAT")


@dataclass(frozen=True)
class Choice:
    """A chart: its mark, and the columns of its axes and colors. Without `y`, rows are counted."""

    mark: Mark | None = None
    x: str | None = None
    y: str | None = None
    color: str | None = None


@dataclass(frozen=True)
class Table:
    """A result's columns by name, and its rows."""

    kinds: dict[str, Kind]
    rows: Sequence[Sequence[Any]]

    def values(self, name: str) -> list[Any]:
        """A column's values, in the order of the rows."""
        position = list(self.kinds).index(name)
        return [row[position] for row in self.rows]

    def of_kind(self, kind: Kind) -> list[str]:
        """The names of the columns of one kind."""
        return [name for name, each in self.kinds.items() if each == kind]

    def variety(self, name: str) -> int:
        """How many different values a column has."""
        return len(set(map(str, self.values(name))))


def kind_of(column_type: str) -> Kind:
    """What a DuckDB type is to a chart."""
    if column_type.startswith(("DATE", "TIMESTAMP")):
        return "time"
    return "number" if column_type.lstrip("U").startswith(NUMBERS) and "[" not in column_type else "text"


def choose(table: Table, wish: Choice) -> Choice:
    """The chart for `table`, with all that `wish` names. Raises Refused for unknown columns, and for no rows."""
    if not table.rows:
        raise Refused("The SQL gives no rows, so there is nothing to draw. Widen its conditions.")
    if unknown := [name for name in (wish.x, wish.y, wish.color) if name is not None and name not in table.kinds]:
        raise Refused(
            f"{len(unknown)} of the columns named are not in the result. It has: {', '.join(table.kinds)[:500]}."
        )
    x = wish.x or _x(table, wish)
    y = wish.y or _y(table, x, wish.color)
    mark = wish.mark or _mark(table, x, y)
    color = wish.color or _color(table, mark, x, y)
    chosen = replace(wish, mark=mark, x=x, y=y, color=color)
    _refuse_crowded(table, chosen)
    return chosen


def _x(table: Table, wish: Choice) -> str:
    taken = {wish.y, wish.color}
    texts = sorted(table.of_kind("text"), key=lambda name: table.variety(name) > MAX_BARS)
    names = (*table.of_kind("time"), *texts, *table.kinds)
    return next((name for name in names if name not in taken), names[0])


def _y(table: Table, x: str, color: str | None) -> str | None:
    return next((name for name in reversed(table.of_kind("number")) if name not in (x, color)), None)


def _mark(table: Table, x: str, y: str | None) -> Mark:
    kind = table.kinds[x]
    if kind == "time":
        return "line"
    return "point" if kind == "number" and y is not None and table.kinds[y] == "number" else "bar"


def _color(table: Table, mark: Mark, x: str, y: str | None) -> str | None:
    """A column of few texts, where rows share their place on the x axis and one series would tangle."""
    if mark != "point" and table.variety(x) == len(table.rows):
        return None
    names = (name for name in table.of_kind("text") if name not in (x, y))
    return next((name for name in names if 1 < table.variety(name) <= MAX_COLORS), None)


def _refuse_crowded(table: Table, chosen: Choice) -> None:
    for name, most in ((chosen.x, MAX_BARS), (chosen.color, MAX_COLORS)):
        if name is not None and table.kinds[name] == "text" and table.variety(name) > most:
            raise Refused(
                f"There are more than {most} different texts for one axis or the colors, too many to read. "
                "Group or filter in the SQL, for instance with ORDER BY and LIMIT, or name other columns."
            )
