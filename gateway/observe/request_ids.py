"""What every line of a log that belongs to one request has in common."""

import itertools
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")

_prefix: Final = secrets.token_hex(4)
# So large that each has eight digits in the end, without being formatted, which takes three times as long.
_numbers: Final = itertools.count(0x1_0000_0001)


def new_request_id() -> str:
    """16 hexadecimal digits: the first half is this process's, the rest counts. It tells apart, and is no secret."""
    return _prefix + hex(next(_numbers))[-8:]


@contextmanager
def bound_request_id() -> Generator[str]:
    """Put a new request id into every line logged inside the block."""
    identity = new_request_id()
    token = request_id.set(identity)
    try:
        yield identity
    finally:
        request_id.reset(token)
