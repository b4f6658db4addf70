"""What is kept of a program's standard error is the end of it, bounded and fit to print."""

import asyncio

import pytest

from gateway.upstream.stderr import KEPT_LINES, WIDTH, StderrRing, fit_to_print


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain", "plain"),
        (b"\x1b[31mboom\x1b[0m", "boom"),
        (b"\x1b[38;5;196mred\x1b[K \x1b[2J\x1b[?25lclear", "red clear"),
        (b"\x1b]0;a title\x07text\x1b]8;;http://x\x1b\\link", "textlink"),
        (b"\x1b]0;a title without its end", ""),
        (b"\x1b(Bplain\x1b7\x1bc", "plain"),
        (b"10 %\r50 %\r100 %\r\n", "100 %"),
        (b"bell\x07 null\x00 rtl\xe2\x80\xae", "bell null rtl"),
        (b"\xff\xfe", "��"),
        (b"x" * 10_000, "x" * WIDTH),
    ],
)
def test_escapes_and_control_characters_are_left_out(line, text):
    assert fit_to_print(line) == text


async def kept(*chunks: bytes) -> str:
    stream = asyncio.StreamReader()
    for chunk in chunks:
        stream.feed_data(chunk)
    stream.feed_eof()
    ring = StderrRing()
    await ring.follow(stream)
    return str(ring)


async def test_the_last_lines_are_kept():
    said = await kept(b"".join(b"line %d\n" % n for n in range(100_000)))
    assert said.split(" | ") == [f"line {n}" for n in range(100_000 - KEPT_LINES, 100_000)]


async def test_a_last_line_without_its_end_counts():
    assert await kept(b"one\n\ntwo") == "one | two"


async def test_a_line_without_end_takes_no_room():
    said = await kept(*[b"y" * 65_536] * 40)
    assert said == "y" * WIDTH
