"""What the head of a request says of its body, and what heads share."""

import pytest

from gateway.downstream.heads import Head

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
