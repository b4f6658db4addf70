"""The short way through the relay: taken where a call needs no care, and of no other effect than the long one."""

from typing import Any

import pytest

from gateway.model.route import Route
from gateway.upstream.listener import SILENT, Listener
from gateway.upstream.plain import session_for
from tests.upstream.fronts import LEGACY, MODERN, MODERN_JSON, Front, named

OWN = {"io.modelcontextprotocol/clientInfo": {"name": "client", "version": "1"}}
VENDOR = {"com.example/trace": "1"}
ARGUMENTS = {"name": "raw_echo", "arguments": {"text": "hello"}}


def route_of(one: Front) -> Route:
    route = one.catalog().tool("raw_echo")
    assert route is not None
    return route


@pytest.mark.parametrize("kind", [MODERN, MODERN_JSON], ids=named)
async def test_both_ways_send_the_same_and_give_the_same(one: Front) -> None:
    await one.call("echo", text="a first call opens the session")
    assert session_for(one.upstream, route_of(one), ARGUMENTS, SILENT) is not None
    short = await one.call("echo", text="hello", meta=OWN)
    long = await one.call("echo", text="hello", meta=OWN | VENDOR)
    assert short == long
    *_, first, second = (entry["body"] for entry in one.asked("tools/call"))
    assert second["params"]["_meta"].pop("com.example/trace") == "1"
    assert first["params"] == second["params"]
    assert first["id"] != second["id"]


@pytest.mark.parametrize("kind", [MODERN], ids=named)
@pytest.mark.parametrize(
    ("params", "listener"),
    [
        (ARGUMENTS | {"_meta": VENDOR}, SILENT),
        (ARGUMENTS | {"_meta": "text"}, SILENT),
        (ARGUMENTS | {"arguments": ["list"]}, SILENT),
        (ARGUMENTS | {"requestState": "sealed"}, SILENT),
        (ARGUMENTS, Listener(progress=True)),
        (ARGUMENTS, Listener(log_level="info")),
        (ARGUMENTS, Listener(era="legacy")),
    ],
    ids=("vendor meta", "odd meta", "odd arguments", "an answer", "progress", "logs", "legacy"),
)
async def test_what_needs_care_goes_the_long_way(one: Front, params: dict[str, Any], listener: Listener) -> None:
    await one.call("echo", text="hello")
    assert session_for(one.upstream, route_of(one), params, listener) is None


@pytest.mark.parametrize("kind", [LEGACY], ids=named)
async def test_a_legacy_upstream_has_no_short_way(one: Front) -> None:
    await one.call("echo", text="hello")
    assert session_for(one.upstream, route_of(one), ARGUMENTS, SILENT) is None


@pytest.mark.parametrize("kind", [MODERN], ids=named)
async def test_an_upstream_that_is_closed_has_none_either(one: Front) -> None:
    await one.call("echo", text="hello")
    await one.upstream.close()
    assert session_for(one.upstream, route_of(one), ARGUMENTS, SILENT) is None


TEXT = {"type": "text", "text": "hello"}
