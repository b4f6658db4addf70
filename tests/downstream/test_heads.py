"""What the head of a request says of its body, and what heads share."""

import pytest

from gateway.downstream.heads import Head
from gateway.ground.heads import BY_NAME

LENGTH = (b"content-length", b"2")


def head(*headers: tuple[bytes, bytes], expects_continue: bool = False) -> Head:
    return Head({"method": "POST"}, list(headers), keep_alive=True, expects_continue=expects_continue)


@pytest.mark.parametrize(
    ("said", "length"),
    [
        (head(LENGTH), 2),
        (head(), 0),
        (head(LENGTH, expects_continue=True), -1),
        (head(LENGTH, (b"upgrade", b"h2c")), -1),
        (head((b"transfer-encoding", b"chunked")), -1),
    ],
)
def test_a_head_says_how_long_its_body_is_or_leaves_it_to_the_parser(said: Head, length: int) -> None:
    assert said.length() == length


def test_what_heads_have_in_common_is_kept_once() -> None:
    first, second = (head(LENGTH, (b"host", bytes(bytearray(b"here")))) for _ in range(2))
    first.share()
    second.share()
    assert first.headers[1] is second.headers[1]


def test_a_head_that_is_kept_has_its_headers_by_name_unless_one_is_there_twice() -> None:
    host, other = (b"host", b"here"), (b"host", b"there")
    kept, twice = head(LENGTH, host), head(host, other)
    kept.share()
    twice.share()
    assert kept.scope[BY_NAME] == {b"content-length": b"2", b"host": b"here"}
    assert BY_NAME not in twice.scope
