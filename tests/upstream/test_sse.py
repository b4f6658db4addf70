"""Server-sent events: the same whatever the line ends and the cuts between chunks, and none larger than the limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.sse import Event, EventParser, EventTooLarge

BOM = b"\xef\xbb\xbf"


def parsed(*chunks: bytes, limit: int = 1000) -> list[Event]:
    parser = EventParser(limit)
    return [event for chunk in chunks for event in parser.feed(chunk)]


def message(data: bytes, id: str = "") -> Event:
    return Event("message", data, id)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [message(b"a")]),
        (b"data:a\ndata: b\ndata:  c\n\n", [message(b"a\nb\n c")]),
        (b"event: endpoint\ndata: /messages\n\n", [Event("endpoint", b"/messages", "")]),
        (b"event: x\n\ndata: a\n\n", [message(b"a")]),
        (b"event:\ndata: a\n\n", [message(b"a")]),
        (b"id: 7\ndata: a\n\ndata: b\n\n", [message(b"a", "7"), message(b"b", "7")]),
        (b"id: 7\ndata: a\n\nid\ndata: b\n\n", [message(b"a", "7"), message(b"b")]),
        (b"id: a\0b\ndata: a\n\n", [message(b"a")]),
        (b"id: 1\ndata:\n\n", [message(b"", "1")]),
        (b"data\n\n", [message(b"")]),
        (b": ping\n\n: ping\ndata: a\n\n", [message(b"a")]),
        (b"retry: 100\nother: x\n Data: x\ndata: a\n\n", [message(b"a")]),
        (b"id: 7\n\n", []),
        (b"data: half", []),
        (b"data: half\n", []),
        (BOM + b"data: a\n\n", [message(b"a")]),
        (b"data: a\n\n" + BOM + b"data: b\n\n", [message(b"a")]),
        (b"", []),
    ],
)
def test_a_stream_and_its_events(stream, events):
    assert parsed(stream) == events


def test_an_event_that_ends_with_a_return_is_not_kept_waiting():
    parser = EventParser(100)
    assert parser.feed(b"data: a\r\r") == [message(b"a")]
    assert parser.feed(b"\n") == []
    assert parser.feed(b"data: b\r\n\r") == [message(b"b")]
    assert parser.feed(b"\ndata: c\n\n") == [message(b"c")]


lines = st.one_of(
    st.just(""),
    st.sampled_from(["data", "event", "id", ": ping", "data:", "retry: 1"]),
    st.builds("{}: {}".format, st.sampled_from(["data", "event", "id"]), st.text("aü:\0 ", max_size=12)),
)


def cut(data: st.DataObject, stream: bytes) -> list[bytes]:
    """The stream in pieces, some of them empty."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(st.lists(lines, max_size=14), st.sampled_from([b"", BOM]))
def test_all_line_ends_are_the_same(written, begin):
    streams = [begin + b"".join(line.encode() + end for line in written) for end in (b"\n", b"\r", b"\r\n")]
    assert parsed(streams[0]) == parsed(streams[1]) == parsed(streams[2])


@given(st.data(), st.lists(st.tuples(lines, st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=14))
def test_cuts_change_no_event(data, written):
    stream = b"".join(line.encode() + end for line, end in written)
    assert parsed(*cut(data, stream)) == parsed(stream)


@given(st.data(), st.integers(1, 40))
def test_whether_an_event_is_too_large_does_not_depend_on_cuts(data, limit):
    some = st.sampled_from([b"data: 123456", b"data:" + b"x" * 30, b": comment", b"id: 1"])
    stream = b"".join(line + b"\n" for line in data.draw(st.lists(some, max_size=6))) + b"\n"
    assert _outcome(cut(data, stream), limit) == _outcome([stream], limit)


def _outcome(chunks: list[bytes], limit: int) -> object:
    try:
        return parsed(*chunks, limit=limit)
    except EventTooLarge as error:
        return str(error)


def test_an_event_of_just_the_limit_and_one_beyond():
    assert len(parsed(b"data: 1234\n\n", limit=10)) == 1
    with pytest.raises(EventTooLarge, match=r"^its event is larger than 9 bytes$"):
        parsed(b"data: 1234\n\n", limit=9)
    with pytest.raises(EventTooLarge):
        parsed(b"data: 12\n", b"data: 34\n", limit=15)


def test_a_line_that_never_ends_is_too_large():
    with pytest.raises(EventTooLarge):
        parsed(*[b"x"] * 1001, limit=1000)


def test_pings_and_many_small_events_never_add_up():
    parser = EventParser(20)
    found = [event for _ in range(1000) for event in parser.feed(b": ping ping\nid: 12345\ndata: a\n\n")]
    assert len(found) == 1000


def test_a_large_event_in_small_pieces_takes_no_longer_than_its_bytes():
    """One pass: where each piece went over all before it, this took minutes."""
    parser = EventParser(20_000_000)
    found = [event for _ in range(100_000) for event in parser.feed(b"x" * 100)]
    assert found == []
    (event,) = EventParser(20_000_000).feed(b"data:" + b"x" * 10_000_000 + b"\n\n")
    assert len(event.data) == 10_000_000


def test_an_event_that_is_not_all_here_gives_no_id_to_go_on_after():
    """It would be missed."""
    parser = EventParser(1000)
    parser.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b\n")
    assert parser.last_id == "1"
    parser.feed(b"\nid: 3\n\n")
    assert parser.last_id == "3"
