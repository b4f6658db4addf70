"""What every line of a log that belongs to one request has in common."""

import itertools
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")

_prefix = secrets.token_hex(4)
_numbers = itertools.count(1)


def new_request_id() -> str:
    """16 hexadecimal digits: the first half is this process's, the rest counts. It tells apart, and is no secret."""
    return f"{_prefix}{next(_numbers) & 0xFFFFFFFF:08x}"


@contextmanager
def bound_request_id() -> Generator[str]:
    """Put a new request id into every line logged inside the block."""
    identity = new_request_id()
    token = request_id.set(identity)
    try:
        yield identity
    finally:
        request_id.reset(token)
