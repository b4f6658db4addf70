"""What passes between a service and its worker processes. Both import it, so it needs no more than Python itself."""

import json
from dataclasses import dataclass
from typing import Any

# What the JSON around a result may add to `Limits.max_bytes`: keys, brackets and an error's text.
ENVELOPE_BYTES = 16_384


class Refused(Exception):
    """A job that can't be done as asked. Its text is written for the caller: what failed, why, and what to do next."""


@dataclass(frozen=True)
class Limits:
    """What one worker may use, for as long as it lives: `timeout` is in seconds, `max_bytes` (of one result as JSON)
    and `memory_limit` in bytes."""

    timeout: float
    max_bytes: int
    memory_limit: int


def encode(value: Any) -> bytes:
    """`value` as JSON without blanks, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
