"""Answers kept in memory for the HTTP cache: each for its caller, public ones for all, and no more than a bound."""

import uuid
from collections import OrderedDict
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, replace
from typing import cast

from hishel import AsyncBaseStorage, Entry, Headers, Request, Response

MAX_VARIANTS = 8
"""Answers kept of one URL for one caller, such as its languages."""
OVERHEAD = 2_048
"""Bytes that an entry is counted with beside its body: its headers and what leads to it."""


def key_for(caller: str, url: str) -> str:
    """The key of what a caller asked for. A URL has no line break, so no other caller's key begins alike."""
    return f"{caller}\n{url}"


def _public_key(key: str) -> str:
    return key.rpartition("\n")[2]


@dataclass(frozen=True)
class _Item:
    key: str
    entry: Entry
    body: bytes

    @property
    def size(self) -> int:
        return len(self.body) + OVERHEAD


class KeptAnswers(AsyncBaseStorage):
    """What hishel asks of a storage, within `max_bytes` in all; past them what was not used for longest goes.

    An answer that says `Cache-Control: public` is kept under its URL alone, where every caller's look-up finds it.
    """

    def __init__(self, max_bytes: int, max_body: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes
        self._max_body = min(max_body, max_bytes - OVERHEAD)
        self._items: OrderedDict[uuid.UUID, _Item] = OrderedDict()
        self._by_key: dict[str, list[uuid.UUID]] = {}
        self._size = 0

    def __repr__(self) -> str:
        return f"<KeptAnswers {len(self._items)} in {self._size} bytes>"

    async def create_entry(
        self, request: Request, response: Response, key: str, *, ttl: float | None = None, tti: float | None = None
    ) -> Entry:
        """An entry whose body is kept once all of it has been read."""
        stored_at = _public_key(key) if _is_public(response) else key
        entry = Entry(uuid.uuid4(), request, response)
        return replace(entry, response=replace(response, stream=self._saving(stored_at, entry)))

    async def get_entries(self, key: str) -> list[Entry]:
        """What is kept for this caller, and for all."""
        found = [self._items[each] for at in (key, _public_key(key)) for each in self._by_key.get(at, ())]
        for item in found:
            self._items.move_to_end(item.entry.id)
        return [replace(item.entry, response=replace(item.entry.response, stream=_given(item.body))) for item in found]

    async def update_headers(self, id: uuid.UUID, headers: Headers) -> None:
        """Headers as the site gave them anew, when what was kept still holds."""
        if (item := self._items.get(id)) is not None:
            response = replace(item.entry.response, headers=headers)
            self._items[id] = replace(item, entry=replace(item.entry, response=response))

    async def remove_entry(self, id: uuid.UUID) -> None:
        """Forget an entry."""
        item = self._items.pop(id, None)
        if item is None:
            return
        self._size -= item.size
        left = [each for each in self._by_key[item.key] if each != id]
        if left:
            self._by_key[item.key] = left
        else:
            del self._by_key[item.key]

    async def _saving(self, key: str, entry: Entry) -> AsyncIterator[bytes]:
        body = bytearray()
        async for chunk in cast(AsyncIterable[bytes], entry.response.stream):
            if len(body) <= self._max_body:
                body += chunk
            yield chunk
        if len(body) <= self._max_body:
            await self._keep(_Item(key, replace(entry, response=replace(entry.response, stream=None)), bytes(body)))

    async def _keep(self, item: _Item) -> None:
        siblings = self._by_key.setdefault(item.key, [])
        siblings.append(item.entry.id)
        self._items[item.entry.id] = item
        self._size += item.size
        if len(siblings) > MAX_VARIANTS:
            await self.remove_entry(siblings[0])
        while self._size > self._max_bytes:
            await self.remove_entry(next(iter(self._items)))


def _is_public(response: Response) -> bool:
    said = {part.partition("=")[0].strip().lower() for part in response.headers.get("cache-control", "").split(",")}
    return "public" in said and not said & {"private", "no-store"}


async def _given(body: bytes) -> AsyncIterator[bytes]:
    yield body
