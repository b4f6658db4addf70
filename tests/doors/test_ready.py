"""Lists from the catalog's bytes: as the main door lists, page by page, to each what it may see."""

from pathlib import Path
from typing import Any

import pytest
from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware

from gateway.doors.ready import LISTED, MOST_PAGES, Known, ReadyLists
from gateway.model.principal import Principal
from tests.doors import tools_service
from tests.doors.both import Door, Taken, door, key, told
from tests.gateways.kit import configuration
from tests.upstreams.kit import Running

KINDS = '[services.kinds]\nmodule = "tests.doors.tools_service:server"\n'
SMALL = "page_size = 3\n"
CURSORS: list[dict[str, Any]] = [{"cursor": "canary"}, {"cursor": None}, {"cursor": 5}, {"cursor": ""}, {"more": 1}]


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken = Taken()
    taken.wrap(monkeypatch)
    return taken


async def pages(at: Door, method: str) -> list[Any]:
    """All pages of a list, without the times that go on while they are asked for."""
    found, more = [], {}
    while True:
        answer = await at.client.ask(method, **more)
        assert answer.result.pop("ttlMs") >= 0
        found.append((answer.status, answer.headers["content-type"], answer.result))
        if "nextCursor" not in answer.result:
            return found
        more = {"cursor": answer.result["nextCursor"]}


@pytest.mark.parametrize("size", ["", SMALL], ids=["one page", "small pages"])
@pytest.mark.parametrize("scopes", [None, ["*"], ["kinds:read", "own_*"], ["raw_echo"]], ids=str)
async def test_each_list_is_that_of_the_main_door(
    tmp_path: Path, raw_modern: Running, handed_on: Taken, scopes: list[str] | None, size: str
) -> None:
    text, headers = KINDS + configuration({"raw": raw_modern}), key(tmp_path, scopes)
    async with door(tmp_path, text, express=True, more=size, headers=headers) as at:
        handed_on.bodies.clear()
        ready = {method: await pages(at, method) for method in LISTED}
        again = {method: await pages(at, method) for method in LISTED}
        assert handed_on.bodies == []
    async with door(tmp_path, text, express=False, more=size, headers=headers) as at:
        listed = {method: await pages(at, method) for method in LISTED}
    assert ready == listed
    assert again == ready


@pytest.mark.parametrize("method", LISTED)
async def test_odd_cursors_and_parameters_are_answered_as_at_the_main_door(tmp_path: Path, method: str) -> None:
    said = []
    for express in (True, False):
        async with door(tmp_path, KINDS, express=express, more=SMALL) as at:
            said.append([told(await at.client.ask(method, **params)) for params in CURSORS])
    assert said[0] == said[1]


@pytest.mark.parametrize("change", ["tool of the gateway", "tool of a service", "middleware", "hidden"])
async def test_what_the_catalog_does_not_know_is_left_to_the_main_door(
    tmp_path: Path, handed_on: Taken, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    server = FastMCP("kinds")
    server.tool(tools_service.text)
    monkeypatch.setattr(tools_service, "server", server)
    async with door(tmp_path, KINDS, express=True) as at:
        assert len((await at.client.ask("tools/list")).result["tools"]) == 1
        assert handed_on.bodies == []
        if change == "tool of the gateway":
            at.gateway.tool(tools_service.record)
        elif change == "tool of a service":
            server.tool(tools_service.record)
        elif change == "middleware":
            server.add_middleware(Middleware())
        else:
            server.disable(names={"text"})
        count = len((await at.client.ask("tools/list")).result["tools"])
    assert len(handed_on.bodies) == 1
    assert count == {"middleware": 1, "hidden": 0}.get(change, 2)


async def test_a_service_whose_tools_check_who_asks_is_left_to_the_main_door(tmp_path: Path, handed_on: Taken) -> None:
    async with door(tmp_path, KINDS.replace("tools_service", "checked_service"), express=True) as at:
        await at.client.ask("tools/list")
    assert len(handed_on.bodies) == 1


async def test_a_legacy_client_gets_no_hints_and_no_schema_that_it_cannot_read(tmp_path: Path) -> None:
    async with door(tmp_path, KINDS, express=True) as at:
        everybody = Principal("any", frozenset({"*"}), "key")
        lists = _lists(at)
        result = lists.answer("tools/list", {}, everybody, "legacy")
    assert result is not None
    assert result.startswith(b'{"tools":[')
    assert b"ttlMs" not in result
    assert b"resultType" not in result


async def test_as_many_pages_are_kept_as_are_allowed(tmp_path: Path) -> None:
    async with door(tmp_path, KINDS, express=True) as at:
        lists = _lists(at)
        for number in range(3 * MOST_PAGES):
            lists.answer("tools/list", {}, Principal("any", frozenset({f"kinds_{number}"}), "key"), "modern")
        assert 0 < len(lists._pages) <= MOST_PAGES


def _lists(at: Door) -> ReadyLists:
    known = Known(at.gateway.runtime.sources, lambda: False, lambda: True)
    return ReadyLists(at.gateway.runtime, known, 2000, {"name": "gateway"})
