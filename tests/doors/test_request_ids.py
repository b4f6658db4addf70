"""One id for a request, from uvicorn's access line to the line about the call, over every way in."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from tests.contract.pairs import CLIENTS, Era
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http, over_stdio
from tests.upstreams.kit import Running


def logged(text: str, logger: str) -> list[dict[str, Any]]:
    """The lines of one logger."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["logger"] == logger]


@pytest.mark.parametrize("era", CLIENTS)
async def test_the_line_about_a_call_has_the_id_of_its_access_line(
    era: Era, raw_modern: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url), wire(url, era) as client:
        capsys.readouterr()
        for _ in range(3):
            await client.call("raw_echo", text="hello")
            await client.call("own_shout", text="hello")
        said = capsys.readouterr().err
    calls = [line["request_id"] for line in logged(said, "gateway.calls")]
    assert calls == [line["request_id"] for line in logged(said, "uvicorn.access")]
    assert len(set(calls)) == 6


@pytest.mark.parametrize("era", CLIENTS)
async def test_calls_side_by_side_keep_their_ids_apart(
    era: Era, raw_modern: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url), wire(url, era) as client:
        capsys.readouterr()
        await asyncio.gather(*(client.call("raw_slow", seconds=0.05) for _ in range(5)))
        said = capsys.readouterr().err
    calls = {line["request_id"] for line in logged(said, "gateway.calls")}
    assert len(calls) == 5
    assert calls == {line["request_id"] for line in logged(said, "uvicorn.access")}


async def test_over_stdio_each_call_has_an_id_of_its_own(raw_modern: Running, tmp_path: Path) -> None:
    async with Client(over_stdio(tmp_path, configuration({"raw": raw_modern}))) as client:
        for _ in range(2):
            await client.call_tool("raw_echo", {"text": "hello"})
            await client.call_tool("own_shout", {"text": "hello"})
    ids = [line["request_id"] for line in logged((tmp_path / "gateway.log").read_text(), "gateway.calls")]
    assert len(set(ids)) == 4
    assert "" not in ids
