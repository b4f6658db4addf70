"""Answers kept in memory: each under its key, whole or not at all, within a bound."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

import pytest
from hishel import Entry, Headers, Request, Response

from services.external import kept
from services.external.kept import OVERHEAD, KeptAnswers, key_for

REQUEST = Request("GET", "http://api.example.com/")
KEY = key_for("one", "http://api.example.com/")
ROOM = 10 * (OVERHEAD + 100)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def body_of(entry: Entry) -> AsyncGenerator[bytes]:
    return cast(AsyncGenerator[bytes], entry.response.stream)


async def keep(answers: KeptAnswers, key: str, *parts: bytes, control: str = "max-age=60") -> None:
    response = Response(200, Headers({"cache-control": control}), chunks(*parts))
    entry = await answers.create_entry(REQUEST, response, key)
    assert b"".join([part async for part in body_of(entry)]) == b"".join(parts)


async def bodies(answers: KeptAnswers, key: str) -> list[bytes]:
    return [b"".join([part async for part in body_of(entry)]) for entry in await answers.get_entries(key)]


async def test_a_body_is_kept_once_it_was_read_to_its_end_and_given_any_number_of_times():
    answers = KeptAnswers(ROOM, 1000)
    entry = await answers.create_entry(REQUEST, Response(200, Headers({}), chunks(b"ab", b"c")), KEY)
    stream = body_of(entry)
    assert await anext(stream) == b"ab"
    assert await bodies(answers, KEY) == []
    await stream.aclose()
    assert await bodies(answers, KEY) == []
    await keep(answers, KEY, b"ab", b"c")
    assert [await bodies(answers, KEY) for _ in range(2)] == [[b"abc"], [b"abc"]]


async def test_a_body_past_the_limit_is_given_and_not_kept():
    answers = KeptAnswers(ROOM, 3)
    await keep(answers, KEY, b"abc")
    await keep(answers, KEY, b"abc", b"d", b"e" * 1000)
    assert await bodies(answers, KEY) == [b"abc"]


async def test_past_the_bound_what_was_not_used_for_longest_goes():
    answers = KeptAnswers(ROOM, 1000)
    for name in "abcdefghij":
        await keep(answers, key_for(name, "u"), b"x" * 100)
    assert await bodies(answers, key_for("a", "u")) == [b"x" * 100]
    await keep(answers, key_for("k", "u"), b"x" * 100)
    assert await bodies(answers, key_for("b", "u")) == []
    assert [len(await bodies(answers, key_for(name, "u"))) for name in "acdefghijk"] == [1] * 10
    assert repr(answers) == f"<KeptAnswers 10 in {ROOM} bytes>"


async def test_only_so_many_variants_are_kept_of_one_url(monkeypatch):
    monkeypatch.setattr(kept, "MAX_VARIANTS", 3)
    answers = KeptAnswers(ROOM, 1000)
    for number in range(5):
        await keep(answers, KEY, str(number).encode())
    assert await bodies(answers, KEY) == [b"2", b"3", b"4"]


@pytest.mark.parametrize("control", ["max-age=60", "private, max-age=60", "public, private", "public, no-store", ""])
async def test_what_is_not_public_is_kept_for_its_caller(control):
    answers = KeptAnswers(ROOM, 1000)
    await keep(answers, key_for("one", "u"), b"x", control=control)
    assert await bodies(answers, key_for("one", "u")) == [b"x"]
    for other in ("", "on", "one\nu", "two", "\n"):
        assert await bodies(answers, key_for(other, "u")) == []


@pytest.mark.parametrize("control", ["public, max-age=60", "max-age=60,Public"])
async def test_what_is_public_is_kept_for_all(control):
    answers = KeptAnswers(ROOM, 1000)
    await keep(answers, key_for("one", "u"), b"x", control=control)
    assert await bodies(answers, key_for("two", "u")) == [b"x"]
    assert await bodies(answers, key_for("two", "other")) == []


async def test_headers_are_replaced_and_entries_removed_and_neither_fails_for_what_is_gone():
    answers = KeptAnswers(ROOM, 1000)
    await keep(answers, KEY, b"x")
    [entry] = await answers.get_entries(KEY)
    await answers.update_headers(entry.id, Headers({"etag": "2"}))
    assert [dict(each.response.headers) for each in await answers.get_entries(KEY)] == [{"etag": "2"}]
    assert await bodies(answers, KEY) == [b"x"]
    for _ in range(2):
        await answers.remove_entry(entry.id)
    await answers.update_headers(entry.id, Headers({}))
    assert repr(answers) == "<KeptAnswers 0 in 0 bytes>"
