"""Heads that are known: which are learned, and which requests they are found for."""

import pytest

from gateway.downstream import heads
from gateway.downstream.heads import Head, KnownHeads

HEAD = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"


def head(*headers: tuple[bytes, bytes], expects_continue: bool = False) -> Head:
    return Head({"method": "POST"}, list(headers), keep_alive=True, expects_continue=expects_continue)


TWO = head((b"content-length", b"2"))


@pytest.fixture
def known() -> KnownHeads:
    return KnownHeads()


def test_a_request_with_the_same_head_is_found_with_its_own_body(known: KnownHeads) -> None:
    known.learn(HEAD + b"{}", TWO)
    assert known.find(HEAD + b"[]") == (TWO, b"[]")


@pytest.mark.parametrize(
    "data", [HEAD, HEAD + b"{", HEAD + b"{}{", HEAD.lower() + b"{}", b"{}", b"", HEAD[:-2], HEAD[1:] + b"{}"]
)
def test_what_is_not_exactly_such_a_request_is_not_found(known: KnownHeads, data: bytes) -> None:
    known.learn(HEAD + b"{}", TWO)
    assert known.find(data) is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (HEAD + b"{", TWO),
        (HEAD + b"{}GET / HTTP/1.1\r\n\r\n", TWO),
        (HEAD + b"{}", head((b"content-length", b"2"), expects_continue=True)),
        (HEAD + b"{}", head((b"content-length", b"2"), (b"upgrade", b"h2c"))),
        (HEAD + b"0\r\n\r\n", head((b"transfer-encoding", b"chunked"))),
        (HEAD + b"{}", head()),
        (b"{}", head((b"content-length", b"2"))),
        (b"GET / HTTP/1.1\r\nx: %s\r\n\r\n" % (b"y" * heads.LONGEST_KNOWN), head()),
    ],
)
def test_what_only_a_parser_can_tell_is_not_learned(known: KnownHeads, data: bytes, said: Head) -> None:
    known.learn(data, said)
    assert known.find(data) is None


def test_no_more_are_known_than_a_bound(known: KnownHeads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MOST_KNOWN", 2)
    for number in range(3):
        known.learn(b"GET /%d HTTP/1.1\r\n\r\n" % number, head())
    assert [known.find(b"GET /%d HTTP/1.1\r\n\r\n" % number) is not None for number in range(3)] == [False, False, True]


def test_what_heads_have_in_common_is_kept_once(known: KnownHeads) -> None:
    first, second = (head((b"content-length", b"%d" % 2), (b"host", bytes(bytearray(b"here")))) for _ in range(2))
    known.learn(HEAD + b"{}", first)
    known.learn(HEAD[:-2] + b"x: 1\r\n\r\n{}", second)
    assert first.headers[1] is second.headers[1]
