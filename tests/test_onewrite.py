"""An answer leaves in one piece where it can, and nothing of it is kept back for longer than the loop's next round."""

import asyncio
from typing import Any

import pytest

from gateway.onewrite import OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Transport:
    """What was written, and whether it was closed then."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
async def one(transport: Any) -> OneWrite:
    return OneWrite(transport)


async def test_a_head_goes_with_what_follows(one: OneWrite, transport: Transport) -> None:
    one.write(HEAD)
    assert transport.written == []
    one.write(b"{}")
    one.write(b"more")
    await asyncio.sleep(0)
    assert transport.written == [HEAD + b"{}", b"more"]


async def test_a_head_alone_goes_when_the_loop_comes_round(one: OneWrite, transport: Transport) -> None:
    one.write(HEAD)
    await asyncio.sleep(0)
    assert transport.written == [HEAD]


async def test_what_is_held_goes_before_the_end(one: OneWrite, transport: Transport) -> None:
    one.write(HEAD)
    one.close()
    assert (transport.written, transport.closed) == ([HEAD], True)
    await asyncio.sleep(0)
    assert transport.written == [HEAD]


async def test_it_is_the_transport_in_all_else(one: OneWrite) -> None:
    assert not one.is_closing()
    one.close()
    assert one.is_closing()
