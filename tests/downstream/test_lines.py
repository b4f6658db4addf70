"""What the head of an answer says of its body, and what all answers of a server have in common."""

import pytest

from gateway.downstream.lines import Lines, Standing

LENGTH = (b"Content-Length", b"2")
CHUNKED = (b"transfer-encoding", b"Chunked")
DATE = [(b"date", b"today")]


@pytest.mark.parametrize(
    ("headers", "is_framed", "length", "closes"),
    [
        ([], False, -1, False),
        ([LENGTH], True, 2, False),
        ([CHUNKED], True, -1, False),
        ([LENGTH, (b"content-length", b"3")], True, 2, False),
        ([LENGTH, CHUNKED], True, -1, False),
        ([(b"transfer-encoding", b"gzip")], False, -1, False),
        ([(b"connection", b"upgrade, Close")], False, -1, True),
        ([(b"connection", b"close"), (b"connection", b"keep-alive")], False, -1, True),
        ([(b"connection", b"closed")], False, -1, False),
    ],
)
def test_they_say_where_the_body_ends_and_whether_the_connection_does(
    headers: list[tuple[bytes, bytes]], is_framed: bool, length: int, closes: bool
) -> None:
    lines = Lines().add(headers)
    assert (lines.is_framed, lines.length, lines.closes) == (is_framed, length, closes)


def test_names_are_in_lower_case_and_values_as_they_are() -> None:
    assert Lines().add([LENGTH, (b"X-A", b"B")]).text == b"content-length: 2\r\nx-a: B\r\n"


@pytest.mark.parametrize("header", [(b"a b", b"c"), (b"a\r\nb", b"c"), (b"a", b"b\r\nc: d"), (b"a", b"b\x00")])
def test_nothing_is_read_as_more_than_one_header(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(RuntimeError):
        Lines().add([header])


def test_what_one_answer_adds_no_other_has() -> None:
    standing = Standing()
    standing.lines(DATE).add([LENGTH, (b"connection", b"close")])
    again = standing.lines(DATE)
    assert (again.text, again.is_framed, again.length, again.closes) == (b"date: today\r\n", False, -1, False)


def test_a_new_second_is_seen() -> None:
    standing = Standing()
    standing.lines(DATE)
    assert standing.lines([(b"date", b"tomorrow")]).text == b"date: tomorrow\r\n"
