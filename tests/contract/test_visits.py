"""Pages that an upstream wants its user to visit."""

import asyncio
import secrets
from typing import Any

import pytest
from fastmcp.client.elicitation import ElicitResult
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import RAW, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.test_asking import CAPABILITIES
from tests.contract.wire import wire

LEGACY = [kind for kind in RAW if kind.era == "legacy"]
PAGE = "https://example.com/in"


class User:
    """Says the same to every page, and keeps what was asked and what was told."""

    def __init__(self, action: Any = "accept"):
        self.action = action
        self.asked: list[Any] = []
        self.visited: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, message: str, kind: Any, params: Any, context: Any) -> ElicitResult[Any]:
        self.asked.append(params)
        return ElicitResult(action=self.action)

    async def hear(self, message: Any) -> None:
        if getattr(message, "method", "") == "notifications/elicitation/complete":
            await self.visited.put(message.params.elicitation_id)


@requirement("mrtr.kinds")
@pairs(
    [kind for kind in RAW if kind.namespace != "sessionless"], clients=["legacy"]
)  # which knows the last handshake only
async def test_a_legacy_client_is_asked_to_visit_a_page(pair: Pair) -> None:
    user, id = User(), secrets.token_hex(8)
    page = {"mode": "url", "message": "Sign in", "url": PAGE}
    asked = page if pair.kind.era == "modern" else {**page, "elicitationId": id}
    arguments = {"question": "", "method": "elicitation/create", "params": asked}
    async with pair.client(elicitation_handler=user) as client:
        result = await client.call_tool(pair.name("ask"), arguments)
    (params,) = user.asked
    assert (params.mode, params.message, params.url) == ("url", "Sign in", PAGE)
    assert params.elicitation_id == id if pair.kind.era == "legacy" else params.elicitation_id
    assert result.structured_content == {"action": "accept"}


@requirement("elicitation.page")
@pairs(LEGACY)
async def test_a_page_that_comes_first_is_asked_for_and_the_call_made_again(pair: Pair) -> None:
    user, id = User(), secrets.token_hex(8)
    async with pair.client(elicitation_handler=user) as client:
        result = await client.call_tool(pair.name("ask"), {"question": "", "visit": id})
    assert [params.url for params in user.asked] == [PAGE]
    assert result.content[0].text == "visited"
    assert len([each for each in pair.upstream.record() if each["rpc"] == "tools/call"]) == 2


@requirement("elicitation.page", "errors.kept")
@pairs(LEGACY)
async def test_a_client_without_pages_gets_our_error(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era, open=False) as client:
        if pair.client_era == "legacy":
            await client.open(elicitation={"form": {}})
        meta = {CAPABILITIES: {"elicitation": {"form": {}}}} if pair.client_era == "modern" else None
        error = (await client.call(pair.name("ask"), meta, question="", visit=secrets.token_hex(8))).error
    assert error["code"] == 50203
    assert error["message"] == "This needs more."
    assert error["data"]["elicitations"][0]["url"] == PAGE


@requirement("elicitation.page")
@pairs(LEGACY)
async def test_a_user_who_will_not_ends_the_call(pair: Pair) -> None:
    async with pair.client(elicitation_handler=User("decline")) as client:
        with pytest.raises(MCPError, match="the user did not") as refusal:
            await client.call_tool(pair.name("ask"), {"question": "", "visit": secrets.token_hex(8)})
    assert refusal.value.error.code == 50203
    assert len([each for each in pair.upstream.record() if each["rpc"] == "tools/call"]) == 1


@requirement("elicitation.visited")
@pairs([kind for kind in LEGACY if kind.namespace != "sessionless"], clients=["legacy"])
async def test_who_was_asked_hears_that_the_page_was_visited_and_nobody_else(pair: Pair) -> None:
    user, other, id, last = User(), User(), secrets.token_hex(8), secrets.token_hex(8)
    async with (
        pair.client(elicitation_handler=user, message_handler=user.hear) as client,
        pair.client(elicitation_handler=other, message_handler=other.hear) as beside,
    ):
        await client.call_tool(pair.name("ask"), {"question": "", "visit": id})
        await beside.call_tool(pair.name("ask"), {"question": "", "visit": last})
        for done in (id, last):
            pair.upstream.control(visited=done)
            async with asyncio.timeout(5):
                await (user if done == id else other).visited.get()
        assert user.visited.empty()
        assert other.visited.empty()
