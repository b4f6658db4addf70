"""No compiled coroutine waits where it would lose the error of a cancelled call
(docs/adr/0011-an-optional-compiled-build.md)."""

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.compiled.check import hook
from tests.upstreams.process import ROOT

WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)
CANCELLATION = frozenset({"CancelledError", "BaseException"})


def lost(tree: ast.AST) -> Iterator[int]:
    """The lines of what waits in a `finally`, or in an `except` that a cancellation comes to."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Try):
            yield from waits(each.finalbody)
        elif isinstance(each, ast.ExceptHandler) and (each.type is None or CANCELLATION & set(named(each.type))):
            yield from waits(each.body)


def waits(body: Iterable[ast.stmt]) -> Iterator[int]:
    return (each.lineno for statement in body for each in ast.walk(statement) if isinstance(each, WAITS))


def named(kind: ast.expr) -> Iterator[str]:
    for each in ast.walk(kind):
        if isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Name):
            yield each.id


@pytest.mark.parametrize("file", hook()["include"])
def test_nothing_compiled_waits_where_a_cancellation_is_dealt_with(file: str) -> None:
    assert list(lost(ast.parse((ROOT / file).read_text()))) == []


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("finally:\n  await c()", [5]),
        ("finally:\n  async with c(): ...", [5]),
        ("except:\n  await c()", [5]),
        ("except asyncio.CancelledError:\n  await c()", [5]),
        ("except (OSError, BaseException):\n  await c()", [5]),
        ("except OSError:\n  await c()", []),
        ("finally:\n  c()", []),
    ],
)
def test_such_a_wait_is_found(body: str, lines: list[int]) -> None:
    assert list(lost(ast.parse(indented("try:\n  b()\n" + body)))) == lines


def indented(text: str) -> str:
    return "async def a():\n" + "".join(f" {line}\n" for line in text.splitlines())
