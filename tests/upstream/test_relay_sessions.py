"""Whose calls go over which session of an upstream, and what becomes of one that was forgotten."""

import asyncio
from typing import Any

import pytest

from gateway.errors import UpstreamAnswered
from gateway.upstream.listener import Listener
from gateway.upstream.sharing import Caller
from tests.upstream.fronts import (
    ADA,
    BOB,
    LEGACY,
    LEGACY_STDIO,
    MODERN,
    MODERN_STDIO,
    SESSIONLESS,
    SSE,
    Front,
    Kind,
    named,
    text_of,
)
from tests.upstreams.kit import Command, raw_stdio


@pytest.mark.parametrize("kind", [LEGACY], ids=named)
async def test_a_forgotten_session_is_replaced_once_and_the_call_succeeds(one: Front):
    await one.call("echo", text="warm")
    one.target.reset()
    one.target.control(forget_sessions=True)
    assert text_of(await one.call("echo", text="a")) == "a"
    first, last = one.asked("tools/call")
    assert first["headers"]["mcp-session-id"] != last["headers"]["mcp-session-id"]
    asked = one.asked()
    between = [each["rpc"] for each in asked[asked.index(first) : asked.index(last)]]
    assert "initialize" in between


@pytest.mark.parametrize("kind", [SSE], ids=named)
async def test_a_forgotten_stream_is_replaced_and_the_call_succeeds(one: Front):
    await one.call("echo", text="warm")
    one.target.control(forget_sessions=True)
    await one.target.wait_for("finished", "GET")
    assert text_of(await one.call("echo", text="a")) == "a"


ADA_2, ADA_MODERN = Caller("ada", "s2"), Caller("ada")
CALLERS = {"ada 1": ADA, "ada 2": ADA_2, "ada": ADA_MODERN, "bob 1": BOB}
TOGETHER = [{"ada 1", "ada 2", "ada", "bob 1"}]
BY_USER = [{"ada 1", "ada 2", "ada"}, {"bob 1"}]
APART = [{"ada 1"}, {"ada 2"}, {"ada"}, {"bob 1"}]


@pytest.mark.parametrize(
    ("kind", "sessions", "groups"),
    [
        (MODERN, None, TOGETHER),
        (SESSIONLESS, None, TOGETHER),
        (LEGACY, None, APART),
        (LEGACY, "shared", TOGETHER),
        (LEGACY, "per_user", BY_USER),
        (LEGACY, "per_session", APART),
        (LEGACY, "per_call", APART),
        (SSE, None, APART),
        (SSE, "shared", TOGETHER),
        (SSE, "per_user", BY_USER),
        (SSE, "per_session", APART),
        (SSE, "per_call", APART),
        (MODERN_STDIO, None, BY_USER),
        (LEGACY_STDIO, None, BY_USER),
        (MODERN_STDIO, "shared", TOGETHER),
        (MODERN_STDIO, "per_user", BY_USER),
        (MODERN_STDIO, "per_session", APART),
        (MODERN_STDIO, "per_call", APART),
    ],
)
async def test_who_shares_a_session_upstream(kind: Kind, request, front, sessions, groups):
    one: Front = await front(request.getfixturevalue(kind.fixture), sessions=sessions)
    seen: dict[tuple[int, str], set[str]] = {}
    for name, caller in CALLERS.items():
        told = [(await one.call("whoami", caller=caller))["structuredContent"] for _ in range(2)]
        places = {(each["pid"], each["about"].get("session", "")) for each in told}
        assert len(places) == (2 if sessions == "per_call" else 1)
        seen.setdefault(places.pop(), set()).add(name)
    assert sorted(map(sorted, seen.values())) == sorted(map(sorted, groups))


@pytest.mark.parametrize("kind", [LEGACY, SSE, LEGACY_STDIO], ids=named)
async def test_who_shares_a_session_with_others_is_asked_nothing(kind: Kind, request, front):
    asked: list[str] = []

    async def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.append(method)
        return {"action": "accept"}

    one: Front = await front(request.getfixturevalue(kind.fixture), sessions="shared")
    listener = Listener(ask=ask, era="legacy", capabilities={"elicitation": {}})
    about = (await one.call("whoami", listener))["structuredContent"]["about"]
    assert about["capabilities"] == {}
    with pytest.raises(UpstreamAnswered, match="never declared"):
        await one.call("ask", listener, question="Which colour?")
    assert asked == []


async def test_one_user_needs_one_process(tmp_path, front):
    with raw_stdio(tmp_path) as command:
        one: Front = await front(command)
        await one.call("echo", text="a")
        await one.upstream.refresh()
        assert len(command.pids()) == 1


@pytest.mark.parametrize("kind", [LEGACY, MODERN_STDIO], ids=named)
async def test_a_session_of_one_call_ends_with_it(kind: Kind, request, front):
    one: Front = await front(request.getfixturevalue(kind.fixture), sessions="per_call")
    one.target.reset()
    running = asyncio.create_task(one.call("slow", seconds=30))
    await one.target.wait_for("started", "slow", deadline=10)
    running.cancel()
    await asyncio.wait([running])
    await one.target.wait_for("cancelled", "slow", deadline=2.0)
    await one.upstream.close()
    if isinstance(one.target, Command):
        assert one.target.alive() == []
    else:
        assert one.asked()[-1]["http"] == "DELETE"


@pytest.mark.parametrize("kind", [LEGACY], ids=named)
async def test_an_upstream_that_has_begun_to_hold_state_holds_it_for_each_apart(one: Front):
    """It held none when it was last seen, so its sessions were everybody's."""
    one.upstream._stateful = False
    said = await asyncio.gather(one.call("whoami", caller=ADA), one.call("whoami", caller=BOB))
    ids = {result["structuredContent"]["headers"]["mcp-session-id"] for result in said}
    assert len(ids) == 2
