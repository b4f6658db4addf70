"""Who is told of what, beyond what the contract shows: scopes, bounds, and the end of a session."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastmcp import Client
from mcp.server.subscriptions import ToolsListChanged
from mcp.shared.exceptions import MCPError

from gateway.doors.main.changes import MAX_WATCHED
from gateway.policy.keys import KeyStore
from gateway.server import Gateway
from tests.gateways.kit import configuration, in_memory, over_http
from tests.upstreams.kit import Running
from tests.upstreams.messages import messages_of, modern_request

NOTES = "text://raw/raw/notes"

# The SDK's client still has these methods, and says that modern clients listen instead.
pytestmark = pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning")


@asynccontextmanager
async def legacy_client(upstream: Running, folder: Path) -> AsyncGenerator[tuple[Client, Gateway]]:
    async with in_memory(folder, configuration({"raw": upstream})) as gateway, Client(gateway, mode="legacy") as client:
        yield client, gateway


async def subscribe(client: Client, uri: str) -> None:
    await client.session.subscribe_resource(uri)  # ty: ignore[deprecated]  # it is what legacy clients have


async def unsubscribe(client: Client, uri: str) -> None:
    await client.session.unsubscribe_resource(uri)  # ty: ignore[deprecated]  # as above


async def test_a_listener_hears_only_of_what_it_may_read(raw_modern: Running, tmp_path: Path):
    _, key = KeyStore(tmp_path / "var").create("other", ["own:read"])
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (gateway, url):
        wanted = {"toolsListChanged": True, "resourceSubscriptions": [NOTES]}
        body, headers = modern_request("subscriptions/listen", 1, notifications=wanted)
        headers["authorization"] = f"Bearer {key}"
        async with httpx.AsyncClient(timeout=5) as http, http.stream("POST", url, json=body, headers=headers) as open_:
            first = await anext(messages_of(open_))
        assert first["params"]["notifications"] == {"toolsListChanged": True}
        assert list(gateway.runtime.upstreams["raw"].watcher.watched) == []


async def test_a_session_watches_until_it_says_otherwise_or_ends(raw_modern: Running, tmp_path: Path):
    async with in_memory(tmp_path, configuration({"raw": raw_modern})) as gateway:
        watcher = gateway.runtime.upstreams["raw"].watcher
        async with Client(gateway, mode="legacy") as client:
            await subscribe(client, NOTES)
            await subscribe(client, NOTES)
            assert list(watcher.watched) == ["text://raw/notes"]
            await unsubscribe(client, NOTES)
            await unsubscribe(client, NOTES)
            assert list(watcher.watched) == []
            await subscribe(client, NOTES)
        assert list(watcher.watched) == []


async def test_a_session_that_ends_while_an_upstream_is_off_watches_nothing_of_it(raw_modern: Running, tmp_path: Path):
    async with in_memory(tmp_path, configuration({"raw": raw_modern})) as gateway:
        async with Client(gateway, mode="legacy") as client:
            await subscribe(client, NOTES)
            on = gateway.runtime.config
            raw = on.upstreams["raw"].model_copy(update={"enabled": False})
            off = on.model_copy(update={"upstreams": {"raw": raw}})
            await gateway.runtime.apply(off, {})
            assert list(gateway.runtime.upstreams["raw"].watcher.watched) == ["text://raw/notes"]
        assert list(gateway.runtime.upstreams["raw"].watcher.watched) == []


async def test_what_is_not_there_cannot_be_watched(raw_modern: Running, tmp_path: Path):
    async with legacy_client(raw_modern, tmp_path) as (client, _):
        with pytest.raises(MCPError, match="no such resource"):
            await subscribe(client, "text://nobody/here")


async def test_a_session_cannot_watch_without_end(raw_modern: Running, tmp_path: Path):
    async with legacy_client(raw_modern, tmp_path) as (client, _):
        for number in range(MAX_WATCHED):
            await subscribe(client, f"text://raw/{number}")
        with pytest.raises(MCPError, match="at most"):
            await subscribe(client, "text://raw/one-more")


class Stuck:
    """A session whose client reads nothing."""

    async def send_notification(self, notification: Any) -> None:
        await asyncio.Event().wait()


async def test_who_reads_nothing_holds_up_nobody_and_no_change_waits_twice(
    raw_modern: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(message: Any) -> None:
        heard.put_nowait(message.method)

    async with in_memory(tmp_path, configuration({"raw": raw_modern})) as gateway:
        changes = gateway._changes
        for number in range(50):
            changes._sessions[-number - 1] = cast(Any, Stuck()), {NOTES: None}
        async with Client(gateway, mode="legacy", message_handler=hear):
            for _ in range(10_000):
                changes.resource_changed(NOTES)
                changes.resource_changed("text://raw/nobody-watches")
            changes.tell(ToolsListChanged())
            assert len(changes._waiting) == 2
            async with asyncio.timeout(10):
                assert await heard.get() == "notifications/tools/list_changed"
