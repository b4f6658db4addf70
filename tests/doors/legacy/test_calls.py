"""A call at the legacy express door goes through the guard once, and comes back in shapes of its era."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from gateway.guard import Guard
from gateway.model.event import CallEvent
from tests.doors.legacy_client import HandedOn, LegacyClient, session
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Running


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> HandedOn:
    return HandedOn(monkeypatch)


@pytest.fixture
def events() -> list[CallEvent]:
    return []


@pytest.fixture
async def client(
    tmp_path: Path, raw_modern: Running, handed_on: HandedOn, events: list[CallEvent]
) -> AsyncGenerator[LegacyClient]:
    raw_modern.control(extra=["numbers"])
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (gateway, url), session(url) as client:
        gateway.runtime.guard = Guard([events.append])
        handed_on.bodies.clear()
        yield client
    assert handed_on.bodies == []


async def test_every_call_is_recorded_once_however_it_ended(client: LegacyClient, events: list[CallEvent]) -> None:
    await client.call("raw_echo", text="hello")
    await client.call("raw_fail", message="no")
    await client.ask("tools/call", name="raw_error", arguments={"code": 7, "message": "no"})
    assert [(event.name, event.outcome, event.era) for event in events] == [
        ("raw_echo", "ok", "legacy"),
        ("raw_fail", "tool_error", "legacy"),
        ("raw_error", "error", "legacy"),
    ]


async def test_a_cancelled_call_is_recorded_as_such(
    client: LegacyClient, events: list[CallEvent], raw_modern: Running
) -> None:
    async with client.events(1, "tools/call", name="raw_slow", arguments={"seconds": 30}) as heard:
        await raw_modern.wait_for("started", "slow")
        await client.tell("notifications/cancelled", requestId=1)
        assert [event async for event in heard]
    assert [event.outcome for event in events] == ["cancelled"]


async def test_what_only_the_modern_era_has_is_brought_down(client: LegacyClient) -> None:
    numbers = await client.call("raw_numbers", count=3)
    assert "structuredContent" not in numbers
    assert numbers["content"]
    notes = await client.result("resources/read", uri="text://raw/raw/notes")
    for result in (numbers, notes):
        assert not result.keys() & {"resultType", "ttlMs", "cacheScope"}
