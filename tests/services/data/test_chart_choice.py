"""Charts chosen from columns."""

from typing import Any

import pytest

from services.data.chart_choice import Choice, Table, choose, kind_of
from services.workers.job import Refused

DAY, AMOUNT, PRICE, REGION = ("2025-01-01", "2025-01-02"), (3, 4), (1.5, 2.5), ("north", "south")


def table(**columns: tuple[Any, ...]) -> Table:
    kinds = {"day": "time", "amount": "number", "price": "number", "region": "text", "note": "text"}
    return Table({name: kinds[name] for name in columns}, list(zip(*columns.values(), strict=True)))  # ty: ignore


@pytest.mark.parametrize(
    ("columns", "wish", "chosen"),
    [
        ({"day": DAY, "amount": AMOUNT}, Choice(), Choice("line", "day", "amount")),
        (
            {"day": DAY * 2, "region": ("north", "north", "south", "south"), "amount": AMOUNT * 2},
            Choice(),
            Choice("line", "day", "amount", "region"),
        ),
        ({"amount": AMOUNT, "region": REGION}, Choice(), Choice("bar", "region", "amount")),
        ({"amount": AMOUNT, "price": PRICE}, Choice(), Choice("point", "amount", "price")),
        ({"amount": AMOUNT}, Choice(), Choice("bar", "amount")),
        ({"amount": AMOUNT}, Choice(y="amount"), Choice("point", "amount", "amount")),
        (
            {"amount": AMOUNT, "region": REGION},
            Choice(y="amount", color="region"),
            Choice("bar", "region", "amount", "region"),
        ),
        ({"region": REGION}, Choice(), Choice("bar", "region")),
        ({"day": DAY, "amount": AMOUNT}, Choice(mark="area"), Choice("area", "day", "amount")),
        ({"day": DAY, "amount": AMOUNT, "price": PRICE}, Choice(y="amount"), Choice("line", "day", "amount")),
        ({"amount": AMOUNT, "price": PRICE}, Choice(x="price"), Choice("point", "price", "amount")),
        ({"amount": AMOUNT, "region": REGION}, Choice(color="region"), Choice("bar", "amount", None, "region")),
    ],
)
def test_a_chart_suits_its_columns(columns: dict[str, tuple[Any, ...]], wish: Choice, chosen: Choice) -> None:
    assert choose(table(**columns), wish) == chosen


@pytest.mark.parametrize(
    ("found", "wish", "reason"),
    [
        (table(amount=()), Choice(), "no rows"),
        (table(amount=AMOUNT), Choice(x="canary"), "not in the result. It has: amount"),
        (table(note=tuple(map(str, range(51)))), Choice(), "more than 50 different texts"),
        (table(day=DAY * 7, note=tuple(map(str, range(14)))), Choice(color="note"), "more than 12 different texts"),
    ],
)
def test_what_can_not_be_read_is_refused(found: Table, wish: Choice, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        choose(found, wish)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("column_type", "kind"),
    [
        ("DATE", "time"),
        ("TIMESTAMP WITH TIME ZONE", "time"),
        ("UBIGINT", "number"),
        ("DECIMAL(9,2)", "number"),
        ("DOUBLE[]", "text"),
        ("VARCHAR", "text"),
        ("BOOLEAN", "text"),
        ("TIME", "text"),
    ],
)
def test_types_are_times_numbers_or_text(column_type: str, kind: str) -> None:
    assert kind_of(column_type) == kind
