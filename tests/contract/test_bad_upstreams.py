"""An upstream that breaks a rule of the protocol harms nobody else, and is told on: in the doctor, status and log."""

import json
import logging
import re
import socket
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError

from tests.cli.conftest import Verb
from tests.conftest import Keep, well
from tests.contract.bad_upstreams import CALLS, CHANNEL, ENTRIES, LISTS, NETWORK, PAGES, Broken
from tests.contract.pairs import CLIENTS, Era
from tests.contract.requirements import requirement
from tests.gateways.kit import configuration, over_http, written
from tests.upstreams.kit import Running, raw_http, raw_stdio
from tests.upstreams.raw.definitions import TOOLS

Way = tuple[Broken, Era]
WELL = {f"well_{tool['name']}" for tool in TOOLS}


@pytest.fixture
def network() -> Generator[socket.socket]:
    """Somebody on the network who is never called."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
def bad(request: pytest.FixtureRequest, keep: Keep, network: socket.socket) -> Running:
    """An upstream that breaks the rule in this way, and gives its lists in several pages."""
    way, era = request.param
    upstream = well(keep(raw_http(era=era, page_size=5)))
    address = f"http://127.0.0.1:{network.getsockname()[1]}"
    upstream.control(**json.loads(json.dumps(way.control).replace(NETWORK, address)))
    return upstream


@pytest.fixture
def warnings() -> Generator[list[str]]:
    """What the gateway has warned of, line by line."""
    lines: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, collector = logging.getLogger("gateway"), Collect(logging.WARNING)
    logger.addHandler(collector)
    yield lines
    logger.removeHandler(collector)


def ways(*tables: Iterable[Broken], eras: int = 2) -> pytest.MarkDecorator:
    """Run a test with each way to break a rule, and a `bad` upstream of each era that can, or of so many of them."""
    chosen: list[Way] = [(way, era) for table in tables for way in table for era in way.eras[:eras]]
    names = [f"{way}-{era}" for way, era in chosen]
    return pytest.mark.parametrize(
        ("way", "bad"), [(way, (way, era)) for way, era in chosen], ids=names, indirect=["bad"]
    )


def opened(url: str, mode: str = "auto") -> Client:
    return Client(url, mode=mode, verify=False)  # as `plain_http`


async def status(client: Client) -> dict[str, Any]:
    (contents,) = await client.read_resource("status://system")
    return json.loads(getattr(contents, "text", ""))["upstreams"]


def said_of(upstream: dict[str, Any], way: Broken) -> list[str]:
    return [each for each in (*upstream["faults"], upstream["reason"]) if way.says in each]


async def is_unharmed(url: str, own: bool) -> None:
    """Everything of the other upstream, and what can be used of the bad one (`own`), for clients of both eras."""
    for mode in CLIENTS.values():
        async with opened(url, mode) as client:
            assert {tool.name for tool in await client.list_tools()} >= WELL
            assert {"well_greet", "own_greet"} <= {prompt.name for prompt in await client.list_prompts()}
            assert "text://well/raw/notes" in {str(each.uri) for each in await client.list_resources()}
            assert await client.list_resource_templates()
            assert (await client.call_tool("well_echo", {"text": "hello"})).content[0].text == "hello"
            if own:
                assert (await client.call_tool("bad_echo", {"text": "hello"})).content[0].text == "hello"


@requirement("bad-upstream.unharmed", "bad-upstream.told", "bad-upstream.no-fetch")
@ways(ENTRIES, PAGES)
async def test_what_is_wrong_in_a_list_is_told_once_and_harms_nothing_else(
    way: Broken, bad: Running, raw_modern: Running, tmp_path: Path, warnings: list[str]
) -> None:
    async with over_http(tmp_path, configuration({"well": raw_modern, "bad": bad})) as (gateway, url):
        await is_unharmed(url, way.keeps)
        for _ in range(2):
            await gateway.runtime.upstreams["bad"].refresh()
        async with opened(url) as client:
            told = await status(client)
    assert len(said_of(told["bad"], way)) == 1, told["bad"]
    assert told["well"]["faults"] == []
    assert (told["bad"]["state"], told["well"]["state"]) == ("up", "up")
    (line,) = (line for line in warnings if way.says in line)
    assert "upstream bad " in line


@requirement("tools.names")
async def test_names_that_would_become_one_lead_each_to_its_own_tool(raw_modern: Running, tmp_path: Path) -> None:
    alike = ["a b", "a!b", "a.b", "a_b", "x" * 120, "x" * 121]
    raw_modern.control(extra=alike)
    async with over_http(tmp_path, configuration({"well": raw_modern})) as (_, url), opened(url) as client:
        offered = [tool.name for tool in await client.list_tools() if (tool.description or "").startswith("An extra")]
        assert len(set(offered)) == len(alike)
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in offered)
        for name in offered:
            await client.call_tool(name)
    assert [each["name"] for each in raw_modern.record() if each["rpc"] == "tools/call"] == alike


@requirement("bad-upstream.unharmed", "bad-upstream.told")
@ways(LISTS)
async def test_a_list_that_cannot_be_had_leaves_the_last_good_one(
    way: Broken, bad: Running, raw_modern: Running, tmp_path: Path, warnings: list[str]
) -> None:
    control = json.loads(json.dumps(way.control))
    bad.control()
    async with over_http(tmp_path, configuration({"well": raw_modern, "bad": bad})) as (gateway, url):
        upstream = gateway.runtime.upstreams["bad"]
        assert len(upstream.listing.tools) == len(TOOLS)
        bad.control(**control)
        for _ in range(3):
            await upstream.refresh()
        assert len(upstream.listing.tools) == len(TOOLS)
        await is_unharmed(url, own=False)
        await upstream.refresh()
        async with opened(url) as client:
            told = await status(client)
    assert told["bad"]["state"] == "down"
    assert way.says in told["bad"]["reason"]
    assert (told["well"]["state"], told["well"]["faults"]) == ("up", [])
    assert [line for line in warnings if way.says in line and "is down" in line] == [
        line for line in warnings if "upstream bad is down" in line
    ]
    assert len([line for line in warnings if "upstream bad is down" in line]) == 1


@requirement("bad-upstream.unharmed", "bad-upstream.told")
@ways(CALLS)
async def test_what_is_wrong_in_a_call_is_told_once_and_is_that_calls_alone(
    way: Broken, bad: Running, raw_modern: Running, tmp_path: Path, warnings: list[str]
) -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with over_http(tmp_path, configuration({"well": raw_modern, "bad": bad})) as (_, url):
        async with opened(url) as client:
            for _ in range(2):
                if way.tool == "progress":
                    await client.call_tool("bad_progress", {"steps": 2}, progress_handler=on_progress)
                else:
                    with pytest.raises(MCPError, match="Upstream 'bad' answered"):
                        await client.call_tool(f"bad_{way.tool}", {"text": "hello"})
            told = await status(client)
        await is_unharmed(url, own=False)
    assert heard in ([], [1.0, 2.0, 1.0, 2.0]), "progress of its own, and no other"
    assert len(said_of(told["bad"], way)) == 1, told["bad"]
    assert told["well"]["faults"] == []
    (line,) = (line for line in warnings if way.says in line)
    assert line.startswith("upstream bad breaks the protocol: ")


@requirement("bad-upstream.unharmed", "bad-upstream.told")
@pytest.mark.parametrize("era", ["modern", "legacy"])
@pytest.mark.parametrize("way", CHANNEL, ids=str)
async def test_what_comes_over_a_pipe_and_belongs_to_nothing_is_told_once(
    way: Broken, era: Era, raw_modern: Running, tmp_path: Path, warnings: list[str]
) -> None:
    with raw_stdio(tmp_path, era=era, noise_on_stdout="noise" in way.rule) as bad:
        bad.control(**way.control)
        upstreams = {"well": raw_modern, "bad": bad}
        async with over_http(tmp_path, configuration(upstreams, "deadline = 0.5")) as (_, url):
            async with opened(url) as client:
                for _ in range(2):
                    if way.tool == "echo":
                        assert (await client.call_tool("bad_echo", {"text": "hello"})).content[0].text == "hello"
                    else:
                        with pytest.raises(MCPError, match=r"did not answer within 0\.5 s"):
                            await client.call_tool("bad_slow", {"seconds": 0})
                told = await status(client)
            await is_unharmed(url, own=way.tool == "echo")
    assert len(said_of(told["bad"], way)) == 1, told["bad"]
    assert (told["well"]["state"], told["well"]["faults"]) == ("up", [])
    assert len([line for line in warnings if way.says in line]) == 1


@requirement("bad-upstream.told")
@ways(ENTRIES, PAGES, LISTS, eras=1)
def test_the_doctor_shows_it(way: Broken, bad: Running, raw_modern: Running, tmp_path: Path, verb: Verb) -> None:
    written(tmp_path, configuration({"well": raw_modern, "bad": bad}, "\n[server]\nport = 0"))
    findings = {each["what"]: each for each in verb("doctor", "--json").json["findings"]}
    assert way.says in findings["upstream bad"]["finding"]
    assert findings["upstream well"] == {"what": "upstream well", "well": True, "finding": "up: 13 tools, modern, http"}
