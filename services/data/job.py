"""What passes between the server and its worker processes. Both import it, so it needs no more than Python itself."""

import json
from dataclasses import dataclass
from typing import Any

# What the JSON around a result may add to `Limits.max_bytes`: keys, brackets and an error's text.
ENVELOPE_BYTES = 16_384

# The table that rows passed in become.
ROWS = "rows"


class Refused(Exception):
    """A job that can't be done as asked. Its text is written for the caller: what failed, why, and what to do next."""


@dataclass(frozen=True)
class Limits:
    """What one worker may read and use, for as long as it lives.

    `roots` are absolute folders; `timeout` is in seconds, `max_bytes` (of one result as JSON) and `memory_limit` in
    bytes. `max_file_bytes` is the size of the largest file that is read. Of a result over `max_rows` or `max_bytes`,
    `keep_rows` and `keep_bytes` say how much is kept to page through.
    """

    roots: tuple[str, ...]
    timeout: float
    max_rows: int
    max_bytes: int
    memory_limit: int
    max_file_bytes: int
    keep_rows: int
    keep_bytes: int


def encode(value: Any) -> bytes:
    """`value` as JSON without blanks, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
