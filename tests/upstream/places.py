"""A place at an upstream, as a call has one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.upstream.bulkhead import Bulkhead


@asynccontextmanager
async def place(bulkhead: Bulkhead) -> AsyncGenerator[None]:
    """Wait for one, and give it back at the end."""
    await bulkhead.enter()
    try:
        yield
    finally:
        bulkhead.give()
