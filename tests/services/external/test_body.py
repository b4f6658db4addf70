"""Bodies: capped while they stream, decompressed safely, given as JSON or text where they are either."""

import gzip
import json
import tracemalloc
import zlib

import pytest

LIMIT = 1000


@pytest.fixture
async def fetch(serve, site):
    return await serve(allow_private_hosts=[site.endpoint], max_bytes=LIMIT)


@pytest.mark.parametrize("content_type", ["application/json", "application/vnd.api+json; charset=utf-8"])
async def test_json_is_parsed(fetch, site, content_type):
    url = site.sends("/", '{"größe": [1, null, 2.5]}'.encode(), content_type=content_type)
    answer = await fetch(url)
    assert answer.data["json"] == {"größe": [1, None, 2.5]}
    assert (answer.data["text"], answer.data["truncated"]) == (None, False)


@pytest.mark.parametrize("body", [b"{not json", b"[NaN]", b"[" * 400 + b"]" * 400, b"\xff\xfe"])
async def test_what_is_called_json_but_is_not_comes_as_text(fetch, site, body):
    answer = await fetch(site.sends("/", body, content_type="application/json"))
    assert answer.error is None
    assert (answer.data["json"], answer.data["text"]) == (None, body.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("; charset=iso-8859-1", "Maß".encode("latin-1")),
        ("; charset=UTF-16", "Maß".encode("utf-16")),
        ("; charset=no-such-charset", "Maß".encode()),
        ("; charset=punycode", "Maß".encode()),
        ("", "Maß".encode()),
    ],
)
async def test_text_is_read_in_its_charset_and_as_utf_8_in_any_other(fetch, site, charset, encoded):
    answer = await fetch(site.sends("/", encoded, content_type="text/plain" + charset))
    assert answer.data["text"] == "Maß"


async def test_binary_content_is_left_out(fetch, site):
    answer = await fetch(site.sends("/", b"\x89PNG", content_type="image/png"))
    assert (answer.data["text"], answer.data["json"], answer.data["content_type"]) == (None, None, "image/png")
    assert answer.data["headers"]["content-length"] == "4"


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
