"""Heads that are known: which are learned, and which messages they are found for."""

import pytest

from gateway.ground import heads
from gateway.ground.heads import KnownHeads

HEAD = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"
LONGEST = 2048


@pytest.fixture
def known() -> KnownHeads[str]:
    return KnownHeads(LONGEST)


def test_a_message_with_the_same_head_is_found_with_its_own_body(known: KnownHeads[str]) -> None:
    known.learn(HEAD + b"{}", "two", 2)
    assert known.find(HEAD + b"[]") == ("two", b"[]")


@pytest.mark.parametrize(
    "data", [HEAD, HEAD + b"{", HEAD + b"{}{", HEAD.lower() + b"{}", b"{}", b"", HEAD[:-2], HEAD[1:] + b"{}"]
)
def test_what_is_not_exactly_such_a_message_is_not_found(known: KnownHeads[str], data: bytes) -> None:
    known.learn(HEAD + b"{}", "two", 2)
    assert known.find(data) is None


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (HEAD + b"{", 2),
        (HEAD + b"{}GET / HTTP/1.1\r\n\r\n", 2),
        (HEAD + b"{}", -1),
        (HEAD + b"{}", 0),
        (b"{}", 2),
        (b"GET / HTTP/1.1\r\nx: %s\r\n\r\n" % (b"y" * LONGEST), 0),
    ],
)
def test_what_only_a_parser_can_tell_is_not_learned(known: KnownHeads[str], data: bytes, length: int) -> None:
    known.learn(data, "said", length)
    assert known.find(data) is None
    assert known.find(HEAD + b"{}") is None


def test_no_more_are_known_than_a_bound(known: KnownHeads[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MOST_KNOWN", 2)
    for number in range(3):
        known.learn(b"GET /%d HTTP/1.1\r\n\r\n" % number, "said", 0)
    assert [known.find(b"GET /%d HTTP/1.1\r\n\r\n" % number) is not None for number in range(3)] == [False, False, True]


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"\r\n" + HEAD, b"\r\n\r\n" + HEAD])
def test_empty_lines_begin_no_head(known: KnownHeads[str], data: bytes) -> None:
    assert not known.learn(data, "empty", 0)
    assert known.find(data) is None
