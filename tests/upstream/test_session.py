"""What every session does alike: listen, answer what an upstream asks, and read its answer."""

from typing import Any

import orjson
import pytest

from gateway.errors import InvalidRequest, UpstreamAnswered
from gateway.upstream import messages
from gateway.upstream.listener import SILENT
from gateway.upstream.session import answer_upstream

QUESTION = messages.Request("q1", "elicitation/create", {"message": "Which?"})


async def replied(ask: Any, question: messages.Request = QUESTION) -> dict[str, Any]:
    return orjson.loads(await answer_upstream(ask, question))


async def test_the_clients_answer_goes_back_under_the_upstreams_id():
    async def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"asked": [method, params]}

    expected = {"asked": ["elicitation/create", {"message": "Which?"}]}
    assert await replied(ask) == {"jsonrpc": "2.0", "id": "q1", "result": expected}


async def test_a_ping_is_answered_without_the_client():
    assert await replied(SILENT.ask, messages.Request(7, "ping", {})) == {"jsonrpc": "2.0", "id": 7, "result": {}}


async def test_nobody_to_ask_is_an_error():
    assert (await replied(SILENT.ask))["error"]["code"] == -32601


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (UpstreamAnswered(-1, "no", {"why": 1}), {"code": -1, "message": "no", "data": {"why": 1}}),
        (InvalidRequest("It is no request."), {"code": -32602, "message": "It is no request."}),
    ],
)
async def test_the_clients_refusal_goes_back_whole(failure: Exception, error: dict[str, Any]):
    async def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        raise failure

    assert (await replied(ask))["error"] == error
