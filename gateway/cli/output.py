"""What a verb prints and how it ends: data on stdout, all else on stderr, and five exit codes."""

import json
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from gateway.errors import (
    UPSTREAM_CODES,
    ConfigurationError,
    Forbidden,
    GatewayError,
    InvalidRequest,
    Unauthenticated,
    UpstreamAnswered,
    UpstreamError,
)


class Exit(IntEnum):
    """The exit status of every verb."""

    WELL = 0
    FAILED = 1
    USAGE = 2
    UPSTREAM_DOWN = 3
    NOT_ALLOWED = 4


EXITS: tuple[tuple[type[GatewayError], Exit], ...] = (
    (Unauthenticated, Exit.NOT_ALLOWED),
    (Forbidden, Exit.NOT_ALLOWED),
    (UpstreamError, Exit.UPSTREAM_DOWN),
    (InvalidRequest, Exit.USAGE),
    (GatewayError, Exit.FAILED),
)
"""The first kind that fits counts."""


EXIT_OF_STATE = {"well": Exit.WELL, "failed": Exit.FAILED, "down": Exit.UPSTREAM_DOWN, "refused": Exit.NOT_ALLOWED}
"""The exit status that tells a script of how a server did (`Health.state`), or why a workflow stopped."""


def exit_code(error: GatewayError) -> Exit:
    """The exit status that tells a script of this error; of one that came from afar, by its code."""
    if isinstance(error, UpstreamAnswered) and error.code in UPSTREAM_CODES:
        return Exit.UPSTREAM_DOWN
    if isinstance(error, UpstreamAnswered) and error.code in (Unauthenticated.code, Forbidden.code):
        return Exit.NOT_ALLOWED
    return next(code for kind, code in EXITS if isinstance(error, kind))


def print_json(value: Any) -> None:
    """Data for a program: one JSON document on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_json_line(value: Any) -> None:
    """One JSON document of many: on a line of its own, and at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_text(text: str = "") -> None:
    """Data for a person: one line or more on stdout."""
    print(text)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows for a person, on stdout: drawn on a terminal, plain columns elsewhere."""
    if sys.stdout.isatty():
        _draw(headings, rows)
        return
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _draw(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(Text, row))  # Text: a name in square brackets is no markup
    Console().print(table)


def say(text: str) -> None:
    """A remark for a person, on stderr."""
    print(text, file=sys.stderr)


def print_error(text: str, cure: str = "") -> None:
    """What failed and what to do next, on stderr."""
    say(f"error: {text}" + (f"\n    {cure}" if cure else ""))


def print_faults(error: ConfigurationError) -> None:
    """Every fault of a configuration or a workflow, on stderr."""
    say(f"The {error.of} has {len(error.faults)} {'fault' if len(error.faults) == 1 else 'faults'}.")
    for fault in error.faults:
        say(f"\n{fault}")
