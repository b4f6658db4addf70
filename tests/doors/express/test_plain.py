"""Plain tools of services, straight from the express door: as the main door has them, and what is left to that."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware
from fastmcp.server.transforms.search import BM25SearchTransform

from tests.doors import tools_service
from tests.doors.both import Taken, door, key, told

KINDS = '[services.kinds]\nmodule = "tests.doors.tools_service:server"\n'
META = {"progressToken": "token", "io.modelcontextprotocol/logLevel": "info", "vendor/key": 1}

PLAIN: list[tuple[str, dict[str, Any]]] = [
    ("text", {"text": "a"}),
    ("text", {"text": "a\u2028\U0001f600"}),
    ("text", {"text": 5}),
    ("text", {}),
    ("text", {"text": "a", "more": 1}),
    ("text", {"text": "a", "times": "2"}),
    ("text", {"text": "a", "times": "many"}),
    ("in_a_thread", {"text": "a"}),
    ("on_the_loop", {"text": "a"}),
    ("model", {"point": {"x": 1}}),
    ("model", {"point": {"x": -1}}),
    ("model", {"point": '{"x": 1}'}),
    ("record", {"text": "a"}),
    ("number", {}),
    ("anything", {}),
    ("anything", {"value": [1, {"a": None}]}),
    ("anything", {"value": 1.5}),
    ("anything", {"value": {"a": 1}}),
    ("nothing", {}),
    ("several", {}),
    ("steps", {"count": 2}),
    ("link", {}),
    ("whole", {}),
    ("failed_result", {}),
    ("asks", {}),
    ("refuses", {}),
    ("refuses_arguments", {}),
    ("not_found", {}),
    ("crashes", {}),
    ("crashes_in_validation", {}),
    ("limited", {}),
    ("too_slow", {}),
    ("bounded", {}),
    ("strict", {"value": 1}),
    ("strict", {"value": "1"}),
    ("surroundings", {}),
    ("surroundings_in_a_thread", {}),
    ("tells", {}),
    ("calls_another", {"text": "a"}),
    ("asks_back", {}),
    ("with_words", {"text": "a"}),
]
NOT_PLAIN = ["with_context", "with_dependency", "with_header", "with_version"]


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken = Taken()
    taken.wrap(monkeypatch)
    return taken


async def answers(folder: Path, express: bool, headers: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """What is answered to each call of `PLAIN`, and what the guard recorded of each."""
    async with door(folder, KINDS, express=express, headers=headers) as at:
        given = [told(await at.client.call(f"kinds_{name}", META, **arguments)) for name, arguments in PLAIN]
        return given, [(event.name, event.outcome, event.error, event.subject[:4]) for event in at.events]


@pytest.mark.parametrize("scopes", [None, ["*"], ["kinds:*"], ["kinds_text"]], ids=str)
async def test_each_is_answered_as_at_the_main_door_and_guarded_once(
    tmp_path: Path, handed_on: Taken, scopes: list[str] | None
) -> None:
    headers = key(tmp_path, scopes)
    given, recorded = await answers(tmp_path, True, headers)
    assert handed_on.bodies == []
    wanted, events = await answers(tmp_path, False, headers)
    assert [(*PLAIN[n], *pair) for n, pair in enumerate(zip(given, wanted, strict=True)) if pair[0] != pair[1]] == []
    assert recorded == events
    assert len(recorded) == len(PLAIN)


async def test_a_tool_that_is_not_plain_is_left_to_the_main_door(tmp_path: Path, handed_on: Taken) -> None:
    async with door(tmp_path, KINDS, express=True) as at:
        for name in NOT_PLAIN:
            answer = await at.client.call(f"kinds_{name}", text="a")
            assert answer.status == (400 if name == "with_header" else 200)
    assert len(handed_on.bodies) == len(NOT_PLAIN)


async def test_a_tool_with_a_check_of_its_own_is_left_to_the_main_door(tmp_path: Path, handed_on: Taken) -> None:
    async with door(tmp_path, KINDS.replace("tools_service", "checked_service"), express=True) as at:
        assert (await at.client.call("kinds_text", text="a")).result["content"][0]["text"] == "a"
    assert len(handed_on.bodies) == 1


async def test_a_choice_of_version_is_left_to_the_main_door(tmp_path: Path, handed_on: Taken) -> None:
    async with door(tmp_path, KINDS, express=True) as at:
        await at.client.call("kinds_text", {"fastmcp": {"version": "1"}}, text="a")
    assert len(handed_on.bodies) == 1


class _Sees(Middleware):
    pass


@pytest.mark.parametrize("change", ["middleware", "transform", "provider", "hidden"])
async def test_a_service_that_is_more_than_its_components_is_left_to_the_main_door(
    tmp_path: Path, handed_on: Taken, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    server = FastMCP("kinds", mask_error_details=True)
    server.tool(tools_service.text)
    monkeypatch.setattr(tools_service, "server", server)
    async with door(tmp_path, KINDS, express=True) as at:
        assert (await at.client.call("kinds_text", text="a")).result["content"][0]["text"] == "a"
        assert handed_on.bodies == []
        if change == "middleware":
            server.add_middleware(_Sees())
        elif change == "transform":
            server.add_transform(BM25SearchTransform())
        elif change == "provider":
            server.mount(FastMCP("more"))
        else:
            server.disable(names={"text"})
        await at.client.call("kinds_text", text="a")
        assert len(handed_on.bodies) == 1


async def test_what_code_does_to_the_gateway_or_the_tool_is_seen_at_once(
    tmp_path: Path, handed_on: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FastMCP("kinds", mask_error_details=True, on_duplicate="replace")
    server.tool(tools_service.text)
    monkeypatch.setattr(tools_service, "server", server)
    async with door(tmp_path, KINDS, express=True) as at:
        await at.client.call("kinds_text", text="a")

        @server.tool(name="text")
        async def other(text: str) -> str:
            return f"other {text}"

        assert (await at.client.call("kinds_text", text="a")).result["content"][0]["text"] == "other a"
        assert handed_on.bodies == []
        server.local_provider.remove_tool("text")
        assert (await at.client.call("kinds_text", text="a")).error["code"] == -32602
        assert len(handed_on.bodies) == 1
        server.tool(tools_service.text)
        at.gateway.add_middleware(_Sees())
        await at.client.call("kinds_text", text="a")
        assert len(handed_on.bodies) == 2


async def test_a_client_that_leaves_ends_its_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, began, ended = FastMCP("kinds"), asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(tools_service, "server", server)

    @server.tool
    async def forever() -> str:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    async with door(tmp_path, KINDS, express=True) as at, asyncio.timeout(10):
        call = asyncio.create_task(at.client.call("kinds_forever"))
        await began.wait()
        call.cancel()
        await ended.wait()
        await asyncio.wait([call])
    assert [event.outcome for event in at.events] == ["cancelled"]


async def test_an_unforeseen_error_is_told_where_the_service_does_not_mask_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FastMCP("kinds", mask_error_details=False)
    server.tool(tools_service.crashes)
    monkeypatch.setattr(tools_service, "server", server)
    said = []
    for express in (True, False):
        async with door(tmp_path, KINDS, express=express) as at:
            said.append((await at.client.call("kinds_crashes")).result["content"][0]["text"])
    assert said == ["Error calling tool 'crashes': the inside of a service"] * 2
