"""A file has one job and a function one thought; what is longer says why."""

from collections.abc import Iterator

import pytest

from tests.structure.tree import Function, Source, sources

MOST_LINES = 400
MOST_LINES_OF_FUNCTION = 60
REASON = "# Long because"
"""How the comment begins that stands in the line above a long function, or above its decorators."""

HOUSE = sources("gateway", "services", "bench")


@pytest.mark.parametrize("source", HOUSE, ids=lambda source: str(source.path))
def test_no_file_is_too_long(source: Source):
    assert len(source.lines) <= MOST_LINES


def too_long(source: Source) -> Iterator[str]:
    for function in source.functions():
        assert function.end_lineno is not None
        length = function.end_lineno - function.lineno + 1
        if length > MOST_LINES_OF_FUNCTION and not has_reason(source, function):
            yield f"{source.path}:{function.lineno}: {function.name} has {length} lines and gives no reason"


def has_reason(source: Source, function: Function) -> bool:
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return source.lines[first - 2].strip().startswith(REASON)


def test_no_function_is_too_long_without_a_reason():
    assert [told for source in HOUSE for told in too_long(source)] == []
