"""What the external service saves by its cache."""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count

from fastmcp import Client

from bench.load import WrongAnswer
from bench.report import Section
from bench.rounds import Effort
from services.external.server import Settings, create_server

SECONDS = 0.05
CALLS = 20
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: max-age=3600\r\n"
    b'content-length: 16\r\n\r\n{"items": [1,2]}'
)


def external(effort: Effort) -> Section:
    """A fetch of the external service from a site that takes 50 ms, and from its cache; over MCP, in one process."""
    found = asyncio.run(_measure(effort))
    for name, values in found.items():
        print(f"    {name:8} {', '.join(f'{value * 1e3:.2f} ms' for value in values)}")
    ratios = [asked / kept for asked, kept in zip(found["asked"], found["kept"], strict=True)]
    return Section([], {"cached": ratios})


async def _measure(effort: Effort) -> dict[str, list[float]]:
    """Seconds of one fetch, the median of each round: of URLs that are asked for once, and of one that is kept."""
    found: dict[str, list[float]] = {"asked": [], "kept": []}
    numbers = count()
    calls = effort.sized(CALLS)
    async with _site() as url:
        settings = Settings(allow_private_hosts=(url.removeprefix("http://").rstrip("/"),), per_host_rate=1000)
        async with Client(create_server(settings)) as client:
            await _fetch(client, url, False)
            for _ in range(effort.rounds):
                found["asked"].append(await _each(client, lambda: f"{url}?{next(numbers)}", False, calls))
                found["kept"].append(await _each(client, lambda: url, True, calls))
    return found


async def _each(client: Client, url: Callable[[], str], kept: bool, calls: int) -> float:
    return statistics.median([await _fetch(client, url(), kept) for _ in range(calls)])


async def _fetch(client: Client, url: str, kept: bool) -> float:
    began = time.perf_counter()
    result = await client.call_tool("fetch", {"url": url})
    took = time.perf_counter() - began
    answer = result.structured_content or {}
    if (answer["json"], answer["cached"]) != ({"items": [1, 2]}, kept):
        raise WrongAnswer(f"{answer} is not the answer that was wanted, kept: {kept}")
    return took


@asynccontextmanager
async def _site() -> AsyncGenerator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            await asyncio.sleep(SECONDS)
            writer.write(ANSWER)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
