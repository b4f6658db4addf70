"""State that goes through a client: both doors and every replica open what any of them sealed, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError
from pydantic import SecretStr

from gateway.app import create_gateway
from gateway.doors.state import RequestStates, Round
from gateway.model.principal import LOOPBACK, Principal
from gateway.policy.statekey import StateKey
from tests.contract.wire import wire
from tests.doors.conftest import Watch
from tests.doors.test_main_scopes import holding
from tests.gateways.kit import configuration, over_http, written
from tests.upstreams.running import Running

KEY = "0123456789abcdef0123456789abcdef"
TESTER = Principal("key:tester", frozenset({"*"}), "key")
PARAMS = {"name": "raw_ask", "arguments": {"question": "Which colour?"}}
ASKED = Round(TESTER, "tools/call", PARAMS)
RESULT = {"resultType": "input_required", "inputRequests": {}, "requestState": "of the upstream"}
DECLARED = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}


def states(tmp_path: Path, key: str = KEY, audience: str = "gateway") -> RequestStates:
    return RequestStates(StateKey(tmp_path, SecretStr(key)), audience)


async def sealed(by: RequestStates, asked: Round = ASKED) -> str:
    return (await by.sealed(asked, RESULT))["requestState"]


def retry(state: Any, **changes: Any) -> Round:
    return replace(ASKED, params={**PARAMS, "inputResponses": {}, "requestState": state}, **changes)


async def refusal(by: RequestStates, asked: Round) -> tuple[int, str, Any]:
    with pytest.raises(MCPError) as refused:
        await by.opened(asked)
    error = refused.value.error
    return error.code, error.message, error.data


REFUSED = (-32602, "Invalid or expired requestState", {"reason": "invalid_request_state"})


async def test_a_replica_opens_what_another_sealed(tmp_path: Path):
    state = await sealed(states(tmp_path))
    assert "upstream" not in state
    opened = await states(tmp_path).opened(retry(state))
    assert opened == {**PARAMS, "inputResponses": {}, "requestState": "of the upstream"}


async def test_what_has_no_state_is_left_alone(tmp_path: Path):
    both = states(tmp_path)
    assert await both.opened(ASKED) == PARAMS
    assert await both.sealed(ASKED, {"content": []}) == {"content": []}
    stateless = {"resultType": "input_required", "inputRequests": {}}
    assert await both.sealed(ASKED, stateless) == stateless


@pytest.mark.parametrize(
    "changes",
    [
        {"principal": replace(TESTER, subject="key:other")},
        {"principal": LOOPBACK},
        {"method": "prompts/get"},
        {"params": {"name": "raw_other", "arguments": PARAMS["arguments"]}},
        {"params": {"name": "raw_ask", "arguments": {"question": "Which size?"}}},
        {"params": {"name": "raw_ask"}},
    ],
    ids=["other caller", "no caller", "other method", "other route", "other arguments", "no arguments"],
)
async def test_state_is_good_for_its_own_round_only(tmp_path: Path, changes: dict[str, Any]):
    both = states(tmp_path)
    other = replace(ASKED, **changes)
    other = replace(other, params={**other.params, "requestState": await sealed(both)})
    assert await refusal(both, other) == REFUSED


@pytest.mark.parametrize("state", ["made up", "v1.AAAA", 7, {"a": 1}])
async def test_state_that_we_never_sealed_is_refused(tmp_path: Path, state: Any):
    assert await refusal(states(tmp_path), retry(state)) == REFUSED


async def test_state_of_another_key_or_gateway_is_refused(tmp_path: Path):
    state = await sealed(states(tmp_path))
    assert await refusal(states(tmp_path, key="f" * 32), retry(state)) == REFUSED
    assert await refusal(states(tmp_path, audience="another"), retry(state)) == REFUSED


async def test_state_goes_out_of_date(tmp_path: Path):
    both = states(tmp_path)
    both.security.ttl = 1e-9
    assert await refusal(both, retry(await sealed(both))) == REFUSED


# with the main door


async def through_the_main_door(client: Client, **more: Any) -> Mapping[str, Any]:
    """The result of one round, as it stands on the wire."""
    session: Any = client.session
    result = await session.call_tool(PARAMS["name"], PARAMS["arguments"], allow_input_required=True, **more)
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


async def user(message: str, kind: Any, params: Any, context: Any) -> dict[str, str]:
    return {"answer": "blue"}


ANSWERS = {"answer": {"action": "accept", "content": {"answer": "blue"}}}


async def test_what_the_main_door_sealed_is_opened_here(watch: Watch, raw_modern: Running, tmp_path: Path):
    key = f'[server]\nstate_key = "{KEY}"'
    with holding("*"):
        async with watch(key, raw=raw_modern) as watched, Client(watched.gateway, elicitation_handler=user) as client:
            state = (await through_the_main_door(client))["requestState"]
    opened = await states(tmp_path).opened(retry(state))
    assert opened["requestState"] not in ("", state)
    assert await refusal(states(tmp_path), retry(state, principal=LOOPBACK)) == REFUSED


async def test_what_is_sealed_here_is_opened_by_the_main_door(watch: Watch, raw_modern: Running, tmp_path: Path):
    key = f'[server]\nstate_key = "{KEY}"'
    with holding("*"):
        async with watch(key, raw=raw_modern) as watched, Client(watched.gateway, elicitation_handler=user) as client:
            own = await states(tmp_path).opened(retry((await through_the_main_door(client))["requestState"]))
            again = await states(tmp_path).sealed(ASKED, {**RESULT, "requestState": own["requestState"]})
            result = await through_the_main_door(client, input_responses=ANSWERS, request_state=again["requestState"])
            assert result["structuredContent"]["answer"] == "blue"
            other = await sealed(states(tmp_path), replace(ASKED, principal=LOOPBACK))
            with pytest.raises(MCPError, match=REFUSED[1]) as refused:
                await through_the_main_door(client, input_responses=ANSWERS, request_state=other)
    assert (refused.value.error.code, refused.value.error.message, refused.value.error.data) == REFUSED


async def test_gateways_that_share_a_state_directory_share_the_key(raw_modern: Running, tmp_path: Path):
    """As two workers of one gateway do: the first request reaches one, the retry the other."""
    text = configuration({"raw": raw_modern})
    async with over_http(tmp_path, text) as (_, first), over_http(tmp_path, text) as (_, second):
        async with wire(first, "modern") as client:
            asked = (await client.ask("tools/call", DECLARED, **PARAMS)).result
        more = {"inputResponses": ANSWERS, "requestState": asked["requestState"]}
        async with wire(second, "modern") as client:
            answer = await client.ask("tools/call", DECLARED, **PARAMS, **more)
            assert answer.result["structuredContent"]["answer"] == "blue"
            other = await client.ask("tools/call", DECLARED, **{**PARAMS, "name": "raw_echo"}, **more)
    assert (other.error["code"], other.error["message"], other.error["data"]) == REFUSED
    assert (tmp_path / "var" / "state.key").stat().st_mode & 0o777 == 0o600


async def test_making_a_gateway_makes_no_key(raw_modern: Running, tmp_path: Path):
    create_gateway(written(tmp_path, configuration({"raw": raw_modern})))
    assert not (tmp_path / "var").exists()


def test_a_short_key_is_refused_and_a_good_one_is_not_shown(tmp_path: Path):
    with pytest.raises(Exception, match="32 random characters") as refusal:
        create_gateway(written(tmp_path, '[server]\nstate_key = "too-short-a-key"'))
    assert "too-short" not in str(refusal.value)
    gateway = create_gateway(written(tmp_path, f'[server]\nstate_key = "{KEY}"'))
    assert KEY not in json.dumps(repr(gateway.runtime.config))
