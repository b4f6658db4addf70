"""Bodies: capped while they stream, decompressed safely, told of as they come."""

import asyncio
import gzip
import json
import tracemalloc
import zlib

import pytest

LIMIT = 1000


@pytest.fixture
async def fetch(serve, site):
    return await serve(allow_private_hosts=[site.endpoint], max_bytes=LIMIT)


@pytest.mark.parametrize(("size", "truncated"), [(LIMIT - 1, False), (LIMIT, False), (LIMIT + 1, True)])
@pytest.mark.parametrize("compressed", [False, True])
async def test_a_body_is_cut_at_the_limit_of_decoded_bytes(fetch, site, size, truncated, compressed):
    headers = {"content_encoding": "gzip"} if compressed else {}
    body = b"x" * size
    answer = await fetch(
        site.sends("/", gzip.compress(body) if compressed else body, content_type="text/css", **headers)
    )
    assert answer.data["truncated"] is truncated
    assert answer.data["text"] == "x" * min(size, LIMIT)


async def test_json_that_was_cut_comes_as_text(fetch, site):
    document = json.dumps(["x" * LIMIT])
    answer = await fetch(site.sends("/", document.encode(), content_type="application/json"))
    assert (answer.data["json"], answer.data["text"], answer.data["truncated"]) == (None, document[:LIMIT], True)


async def test_a_gzip_bomb_takes_no_more_memory_than_the_limit(fetch, site):
    bomb = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=9)
    url = site.sends("/", bomb, content_type="text/plain", content_encoding="gzip")
    tracemalloc.start()
    try:
        answer = await fetch(url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.data["truncated"] is True
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", b"not gzip", "does not decompress"),
        ("br", b"x", "compression that was not asked for"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "compression that was not asked for"),
        ("deflate", zlib.compress(b"x"), "compression that was not asked for"),
    ],
)
async def test_other_or_damaged_compression_is_an_error(fetch, site, encoding, body, words):
    answer = await fetch(site.sends("/", body, content_encoding=encoding))
    assert words in answer.error


async def test_head_has_no_body_to_decompress(fetch, site):
    site.answers["/"] = b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 9\r\n\r\n"
    answer = await fetch(site.url("/"), method="HEAD")
    assert (answer.error, answer.data["status"]) == (None, 200)


@pytest.mark.parametrize("length", [b"content-length: 8\r\n", b"connection: close\r\n"])
async def test_progress_of_a_long_transfer_is_told(fetch, site, length):
    told = asyncio.Event()
    heard = []

    async def in_two_parts(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n" + length + b"\r\nhalf")
        await told.wait()
        writer.write(b"half")

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total))
        told.set()

    site.scripts["/"] = in_two_parts
    async with asyncio.timeout(10):
        answer = await fetch(site.url("/"), on_progress=hear)
    assert answer.data["text"] == "halfhalf"
    assert heard == [(4, 8 if b"8" in length else None)]


async def test_of_a_short_transfer_there_is_nothing_to_tell(fetch, site):
    heard = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    await fetch(site.sends("/", b"short", content_type="text/plain"), on_progress=hear)
    assert heard == []
