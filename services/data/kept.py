"""Results that were too large to return at once, kept for a while so that their caller can page through them."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.workers.job import Refused, encode

MAX_RESULTS = 100
MAX_PER_OWNER = 10
MAX_BYTES = 64 * 2**20
GONE = (
    "There is no such result here, or no longer: the oldest go when they are many, large or old. Run the query again, "
    "or add LIMIT and OFFSET to it."
)


@dataclass(frozen=True)
class Kept:
    """One result: its columns, and every row as JSON. `complete` when no row is missing behind the last."""

    owner: str
    columns: Sequence[dict[str, Any]]
    rows: Sequence[bytes]
    complete: bool
    size: int
    until: float


class KeptResults:
    """The results of all callers, bounded in number, in bytes and in age; past a bound the oldest goes.

    An id can't be guessed, and helps nobody but the caller that it was given to.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._results: dict[str, Kept] = {}  # the oldest first

    def keep(self, owner: str, columns: Sequence[dict[str, Any]], block: bytes, complete: bool) -> str:
        """The id of a new result, whose rows `block` holds as one line of JSON each."""
        result_id = secrets.token_urlsafe(16)
        until = self._clock() + self._seconds
        self._results[result_id] = Kept(owner, columns, block.split(b"\n"), complete, len(block), until)
        self._forget_some(owner)
        return result_id

    def find(self, owner: str, result_id: str) -> Kept:
        """A result that was kept for `owner`. Raises Refused."""
        found = self._results.get(result_id)
        if found is None or found.owner != owner or found.until <= self._clock():
            raise Refused(GONE)
        return found

    def _forget_some(self, owner: str) -> None:
        now = self._clock()
        for result_id in [key for key, each in self._results.items() if each.until <= now]:
            del self._results[result_id]
        own = [key for key, each in self._results.items() if each.owner == owner]
        for result_id in own[:-MAX_PER_OWNER]:
            del self._results[result_id]
        while len(self._results) > MAX_RESULTS or sum(each.size for each in self._results.values()) > MAX_BYTES:
            del self._results[next(iter(self._results))]


def page(kept: Kept, offset: int, max_rows: int, max_bytes: int) -> bytes:
    """The rows of a result from number `offset` on, as JSON, as many as fit.

    `next_offset` is where the next page begins, null after the last one. Raises Refused past the end.
    """
    if not 0 <= offset < len(kept.rows):
        raise Refused(f"The offset is outside the {len(kept.rows)} rows of this result. Count from 0.")
    end, room = offset, max_bytes
    while end < min(len(kept.rows), offset + max_rows) and (room := room - len(kept.rows[end])) >= 0:
        end += 1
    follows = end if end < len(kept.rows) else None
    return b'{"columns":%b,"rows":[%b],"offset":%d,"row_count":%d,"next_offset":%b,"kept_rows":%d,"complete":%b}' % (
        encode(kept.columns),
        b",".join(kept.rows[offset:end]),
        offset,
        end - offset,
        encode(follows),
        len(kept.rows),
        encode(kept.complete),
    )
