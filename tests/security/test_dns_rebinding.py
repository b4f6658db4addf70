"""A page under somebody else's name cannot reach a gateway on this machine (row 3: 0 of 40 pairs pass)."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.gateways.kit import configuration, over_http
from tests.security.data_file import lines

PAIRS = [tuple(part.strip() for part in line.split("|", 1)) for line in lines("rebinding.txt")]
REFUSED = {400, 403, 421}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncGenerator[str]:
    """The URL of a gateway on loopback, as it is without any configuration of hosts."""
    async with over_http(tmp_path, configuration({})) as (_, url):
        yield url


async def status(url: str, host: str | None, origin: str = "", path: str = "/mcp", method: str = "POST") -> int:
    """The status of an answer to a request with exactly these headers."""
    port = urlsplit(url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    named = "" if host is None else f"Host: {host}\r\n"
    named += f"Origin: {origin}\r\n" if origin else ""
    writer.write(f"{method} {path} HTTP/1.1\r\n{named}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
    first = await reader.readline()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(first.split()[1])


def test_there_are_pairs_enough() -> None:
    assert len(set(PAIRS)) == len(PAIRS) >= 40


async def test_no_pair_passes(gateway: str) -> None:
    for path, method in (("/mcp", "POST"), ("/mcp", "GET"), ("/metrics", "GET")):
        answers = {pair: await status(gateway, *pair, path, method) for pair in PAIRS}
        assert {pair: answer for pair, answer in answers.items() if answer not in REFUSED} == {}


async def test_a_request_without_a_host_or_with_two_does_not_pass(gateway: str) -> None:
    assert await status(gateway, None) in REFUSED
    assert await status(gateway, "127.0.0.1\r\nHost: evil.example") in REFUSED
    assert await status(gateway, "evil.example\r\nHost: 127.0.0.1") in REFUSED


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", ""),
        ("localhost:1234", ""),
        ("LOCALHOST", ""),
        ("[::1]:1234", ""),
        ("127.0.0.1", "http://localhost:6274"),
    ],
)
async def test_this_machine_by_its_own_names_passes(gateway: str, host: str, origin: str) -> None:
    assert await status(gateway, host, origin, "/metrics", "GET") == 200


async def test_the_public_name_passes_and_its_origin(tmp_path: Path) -> None:
    server = '[server]\npublic_url = "https://mcp.example.com"\nallowed_origins = ["https://app.example.com"]\n'
    async with over_http(tmp_path, configuration({}, server)) as (_, url):
        for origin, answer in (("", 200), ("https://app.example.com", 200), ("https://evil.example", 403)):
            assert await status(url, "mcp.example.com", origin, "/metrics", "GET") == answer
        assert await status(url, "evil.example", "https://app.example.com", "/metrics", "GET") == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_are_exempt(gateway: str, path: str) -> None:
    assert await status(gateway, "evil.example", "http://evil.example", path, "GET") == 200
