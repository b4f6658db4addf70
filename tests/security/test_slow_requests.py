"""Slowloris: whoever opens connections and sends half a request on each holds none of them for long."""

import asyncio
import time
from pathlib import Path

from gateway.downstream.protocol import RECEIVE_SECONDS
from tests.gateways.kit import configuration, served

SOCKETS = 500
HALVES = (
    b"",
    b"POST /mc",
    b"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ",
    b"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{",
)


async def test_none_of_500_half_requests_is_left_a_second_after_its_time(tmp_path: Path) -> None:
    with served(tmp_path, configuration({})) as gateway:
        port = int(gateway.origin.rpartition(":")[2])
        began = time.monotonic()
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(SOCKETS)]
        took = time.monotonic() - began
        for number, (_, writer) in enumerate(opened):
            writer.write(HALVES[number % len(HALVES)])
        async with asyncio.timeout(took + RECEIVE_SECONDS + 1.0):
            answers = await asyncio.gather(*(reader.read() for reader, _ in opened))
        for _, writer in opened:
            writer.close()
    assert {answer[:12] for answer in answers} == {b"", b"HTTP/1.1 408"}
    assert [answer for answer in answers[:: len(HALVES)] if answer] == []  # who said nothing is told nothing
