"""Lines are whole however they come; of one that is too long, enough is kept to see which call it answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.lines import EDGE, Lines, Overlong

TEXT = b"x" * 1000


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), min_size=1), st.integers(1, 20))
def test_lines_are_the_same_however_they_are_cut(stream, sizes, limit):
    lines, found, at = Lines(limit), [], 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += lines.feed(stream[at : at + size])
        at += size
    *whole, rest = stream.split(b"\n")
    assert [isinstance(each, Overlong) for each in found] == [len(line) > limit for line in whole]
    assert [each for each in found if isinstance(each, bytes)] == [line for line in whole if len(line) <= limit]
    assert lines.length == len(rest)


def test_of_a_line_that_is_too_long_both_ends_are_kept_and_nothing_else():
    lines = Lines(2000)
    for _ in range(10_000):
        assert lines.feed(TEXT) == []
        assert len(lines._kept) <= 2000
    assert lines.length == 10_000_000
    assert lines.feed(b"end\nnext\n") == [Overlong(b"x" * EDGE, (b"x" * EDGE + b"end")[-EDGE:]), b"next"]


@pytest.mark.parametrize(
    ("line", "id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"result":{"a":"%s"}}', 7),
        (b'{"id": 7, "jsonrpc": "2.0", "error": {"a": "%s"}}', None),  # a shape that no SDK writes
        (b'{"id":7,"result":{"a":"%s"}}', 7),
        (b' { "jsonrpc" : "2.0" , "id" : 7 , "error" : {"a":"%s"} } ', 7),
        (b'{"result":{"a":"%s"},"jsonrpc":"2.0","id":7}', 7),
        (b'{"result":{"a":"%s"},"id":7,"jsonrpc":"2.0"}\r', 7),
        (b'{"jsonrpc":"2.0","result":{"a":"%s"},"id":7}', 7),
        (b'{"jsonrpc":"2.0","result":{"a":"%s","id":8}}', None),
        (b'{"result":{"a":"%s"},"id":"7"}', None),
        (b'{"jsonrpc":"2.0","id":7,"method":"roots/list","params":{"a":"%s"}}', None),
        (b'{"method":"roots/list","params":{"a":"%s"},"jsonrpc":"2.0","id":7}', None),
        (b"%s", None),
    ],
)
def test_which_call_a_line_answers(line, id):
    [overlong] = Lines(100).feed(line % TEXT + b"\n")
    assert isinstance(overlong, Overlong)
    assert overlong.answers == id
    assert overlong.is_call == (b'"method"' in line)
