"""What upstreams tell of themselves reaches the clients that want to hear it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.contract.pairs import RAW, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served
from tests.upstreams.messages import ACCEPT, initialize, legacy_request, messages_of, modern_request
from tests.upstreams.raw.definitions import NOTES

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
LISTEN_ID = "changes-1"
PATIENCE = 5.0
SPACED_SECONDS = 20.0
"""An upstream that says that it changed again and again, as these tests have it, is asked every 6 s at last."""
LOOKS_SECONDS = 0.05
"""How often an upstream on stdio looks at how it is to behave: to say it more often only keeps the machine busy."""

# Without a session id there is no stream that a legacy server could tell on by itself.
TELLING = [kind for kind in RAW if kind.namespace != "sessionless"]

Message = dict[str, Any]


@asynccontextmanager
async def listening(url: str, **filter: Any) -> AsyncGenerator[AsyncGenerator[Message]]:
    """The messages of a modern `subscriptions/listen`, from its acknowledgment on."""
    body, headers = modern_request("subscriptions/listen", LISTEN_ID, notifications=filter)
    async with (
        httpx.AsyncClient(timeout=SPACED_SECONDS) as http,
        http.stream("POST", url, json=body, headers=headers) as open_,
    ):
        yield messages_of(open_)


@asynccontextmanager
async def session(url: str, *watched: str) -> AsyncGenerator[AsyncGenerator[Message]]:
    """The messages on the GET stream of a legacy session that watches these URIs."""
    async with httpx.AsyncClient(timeout=SPACED_SECONDS) as http:
        shaken = await http.post(url, json=initialize(), headers=ACCEPT)
        headers = {**ACCEPT, "mcp-session-id": shaken.headers["mcp-session-id"]}
        await http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
        for uri in watched:
            answer = await http.post(url, json=legacy_request("resources/subscribe", 1, uri=uri), headers=headers)
            assert answer.status_code == 200
        async with http.stream("GET", url, headers=headers) as open_:
            yield messages_of(open_)


async def until(messages: AsyncGenerator[Message], method: str, patience: float = PATIENCE) -> Message:
    """The next message of this method."""
    async with asyncio.timeout(patience):
        async for message in messages:
            if message.get("method") == method:
                return message
    raise AssertionError(f"the stream ended without {method}")


@requirement("changes.acknowledged")
async def test_a_listen_is_acknowledged_first(gateway: Served) -> None:
    watched = ["text://modern/raw/notes", "text://nobody/here"]
    async with listening(gateway.url, toolsListChanged=True, resourceSubscriptions=watched) as messages:
        first = await anext(messages)
    assert first["method"] == "notifications/subscriptions/acknowledged"
    assert first["params"]["_meta"][SUBSCRIPTION] == LISTEN_ID
    honored = {"toolsListChanged": True, "resourceSubscriptions": ["text://modern/raw/notes"]}
    assert first["params"]["notifications"] == honored


@requirement("changes.lists")
@pairs(TELLING)
async def test_a_changed_list_is_told(pair: Pair) -> None:
    opened = (
        listening(pair.gateway.url, toolsListChanged=True) if pair.client_era == "modern" else session(pair.gateway.url)
    )
    async with opened as messages:
        if pair.client_era == "modern":
            await anext(messages)
        new = f"just_added_for_{pair.client_era}"  # another one than before, or nothing may have changed in the end
        for extra in ([new], []):  # and away again: who comes next finds the list as it was
            pair.upstream.control(extra=extra)
            async with wire(pair.gateway.url, pair.client_era) as client, asyncio.timeout(SPACED_SECONDS):
                is_heard = False
                while not is_heard:  # what is told may be another upstream's change before
                    told = await until(messages, "notifications/tools/list_changed", SPACED_SECONDS)
                    listed = (await client.ask("tools/list")).result["tools"]
                    is_heard = (pair.name(new) in {each["name"] for each in listed}) == bool(extra)
    if pair.client_era == "modern":
        assert told["params"]["_meta"][SUBSCRIPTION] == LISTEN_ID


@requirement("changes.resources")
@pairs(TELLING)
async def test_a_changed_resource_is_told_to_who_watches_it(pair: Pair) -> None:
    public = pair.uri(NOTES)
    modern = pair.client_era == "modern"
    opened = (
        listening(pair.gateway.url, resourceSubscriptions=[public]) if modern else session(pair.gateway.url, public)
    )
    async with opened as messages:
        if modern:
            await anext(messages)
        told = asyncio.create_task(until(messages, "notifications/resources/updated"))
        while not told.done():  # the gateway asks upstream for it only now, and no event says when it is watched
            await asyncio.to_thread(pair.upstream.control, updated=NOTES)
            await asyncio.wait([told], timeout=LOOKS_SECONDS)
    assert (await told)["params"]["uri"] == public
