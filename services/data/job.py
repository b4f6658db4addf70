"""What passes between the server and its worker processes. Both import it, so it needs no more than Python itself."""

from dataclasses import dataclass

# What the JSON around a result may add to `Limits.max_bytes`: keys, brackets and an error's text.
ENVELOPE_BYTES = 16_384


class Refused(Exception):
    """A job that can't be done as asked. Its text is written for the caller: what failed, why, and what to do next."""


@dataclass(frozen=True)
class Limits:
    """What one worker may read and use, for as long as it lives.

    `roots` are absolute folders; `timeout` is in seconds, `max_bytes` (of one result as JSON) and `memory_limit` in
    bytes.
    """

    roots: tuple[str, ...]
    timeout: float
    max_rows: int
    max_bytes: int
    memory_limit: int
