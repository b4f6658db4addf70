"""A request's headers by name."""

import pytest

from gateway.doors.headers import headers_of, says, with_headers

PAIRS = [(b"host", b"a"), (b"accept", b"b")]


@pytest.mark.parametrize("kind", [list, tuple])
def test_they_are_made_once_of_whatever_the_server_has_them_in(kind: type) -> None:
    scope = {"headers": kind(PAIRS)}
    made = headers_of(scope)
    assert made == {b"host": b"a", b"accept": b"b"}
    assert headers_of(scope) is made


def test_one_that_is_there_twice_is_nobodys_to_choose() -> None:
    assert headers_of({"headers": [*PAIRS, (b"host", b"c")]}) is None


def test_a_request_with_other_headers_has_those() -> None:
    scope = {"headers": PAIRS, "path": "/mcp"}
    headers_of(scope)
    changed = with_headers(scope, [(b"host", b"c")], path="/other")
    assert headers_of(changed) == {b"host": b"c"}
    assert changed["path"] == "/other"
    assert headers_of(scope) == {b"host": b"a", b"accept": b"b"}


@pytest.mark.parametrize("others", [[], [(b"a", b"1")], [(b"a", b"2")]])
def test_a_header_says_what_it_says_be_it_one_of_several(others: list[tuple[bytes, bytes]]) -> None:
    scope = {"headers": [*others, (b"a", b"1"), (b"b", b"3")]}
    assert says(scope, b"a", b"1")
    assert not says(scope, b"a", b"3")
    assert not says(scope, b"c", b"1")
