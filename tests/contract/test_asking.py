"""What an upstream asks of the user: in mid-call between legacy sides, as a result between modern ones."""

from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import KINDS, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire

LEGACY_ASKING = [kind for kind in KINDS if kind.era == "legacy" and kind.streams]
MODERN_ASKING = [kind for kind in KINDS if kind.era == "modern"]


class User:
    """Answers every question with blue."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, message: str, kind: Any, params: Any, context: Any) -> dict[str, str]:
        self.asked.append(message)
        return {"answer": "blue"}


def answered(result: Any) -> str:
    """`accept: blue`, which raw upstreams say as structured content and the others as text."""
    said = result.structured_content
    return f"{said['action']}: {said['answer']}" if said and "action" in said else result.content[0].text


@requirement("elicitation.legacy")
@pairs(LEGACY_ASKING, clients=["legacy"])
async def test_a_legacy_upstream_asks_the_user_of_a_legacy_client(pair: Pair) -> None:
    user = User()
    async with pair.client(elicitation_handler=user) as client:
        result = await client.call_tool(pair.name("ask"), {"question": "Which colour?"})
    assert user.asked == ["Which colour?"]
    assert answered(result) == "accept: blue"


@requirement("elicitation.undeclared")
@pairs([kind for kind in LEGACY_ASKING if kind.is_raw and kind.namespace != "sessionless"])  # which knows only the last
async def test_an_upstream_is_told_of_nothing_that_the_client_did_not_declare(pair: Pair) -> None:
    async with pair.client() as client:
        about = (await client.call_tool(pair.name("whoami"))).structured_content["about"]
    assert about["capabilities"] == {}
    assert about["clientInfo"]["name"] == "one-url-gateway"


@requirement("mrtr.pass")
@pairs(MODERN_ASKING, clients=["modern"])
async def test_an_input_required_result_passes_and_so_does_the_retry(pair: Pair) -> None:
    user = User()
    tool = "ask" if pair.kind.is_raw else "ask_first"
    async with pair.client(elicitation_handler=user) as client:
        result = await client.call_tool(pair.name(tool), {"question": "Which colour?"})
    assert user.asked == ["Which colour?"]
    assert answered(result) == "accept: blue"


@requirement("mrtr.pass", "eras.result-shape")
@pairs(MODERN_ASKING, clients=["modern"])
async def test_the_request_for_input_is_the_upstreams_own(pair: Pair) -> None:
    declared = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
    tool = "ask" if pair.kind.is_raw else "ask_first"
    async with wire(pair.gateway.url, "modern") as client:
        asked = (await client.call(pair.name(tool), meta=declared, question="Which colour?")).result
    assert asked["resultType"] == "input_required"
    assert asked["inputRequests"]["answer"]["method"] == "elicitation/create"
    assert asked["inputRequests"]["answer"]["params"]["message"] == "Which colour?"
    assert "ttlMs" not in asked


@requirement("elicitation.undeclared", "errors.kept")
@pairs([kind for kind in MODERN_ASKING if kind.is_raw], clients=["modern"])
async def test_an_upstream_cannot_ask_a_client_that_did_not_declare_it(pair: Pair) -> None:
    async with pair.client() as client:
        with pytest.raises(MCPError, match="elicitation") as refusal:
            await client.call_tool(pair.name("ask"), {"question": "Which colour?"})
    assert refusal.value.error.code == -32021


@requirement("mrtr.legacy-client")
@pairs(MODERN_ASKING, clients=["legacy"])
async def test_a_modern_upstream_asks_the_user_of_a_legacy_client(pair: Pair) -> None:
    user = User()
    tool = "ask" if pair.kind.is_raw else "ask_first"
    async with pair.client(elicitation_handler=user) as client:
        result = await client.call_tool(pair.name(tool), {"question": "Which colour?"})
    assert user.asked == ["Which colour?"]
    assert answered(result) == "accept: blue"
