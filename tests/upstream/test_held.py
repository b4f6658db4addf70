"""Calls that wait for an answer of their client: bounded, for nobody else, and given up in time."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gateway.errors import CallGone, UpstreamAnswered, UpstreamBusy, UpstreamLost, UpstreamTimeout
from gateway.model.route import Route
from gateway.upstream.held import KEY, MAX_EACH, HeldCalls, Owner
from gateway.upstream.listener import SILENT, Listener
from gateway.upstream.relay import Exchange, exchange
from gateway.upstream.sharing import Caller
from tests.upstream.fronts import ADA, BOB, LEGACY, LEGACY_JSON, LEGACY_STDIO, SESSIONLESS, SSE, Ear, Front, named

MINE = Owner("ada", "tools/call", "ask")
CAN = {"elicitation": {}}
ASKING = Listener(capabilities=CAN)
FORM = {"message": "Which?", "requestedSchema": {"type": "object", "properties": {}}}
BLUE = {KEY: {"action": "accept", "content": {"answer": "blue"}}}


@pytest.fixture
async def held() -> AsyncGenerator[HeldCalls]:
    calls = HeldCalls("raw")
    yield calls
    await calls.close()
    assert len(calls) == 0


async def asks(listener: Listener) -> dict[str, Any]:
    """A call that asks once, and tells what it heard."""
    return {"said": await listener.ask("elicitation/create", FORM)}


async def asks_twice(listener: Listener) -> dict[str, Any]:
    first = await asks(listener)
    await listener.notify("notifications/progress", {"progress": 1})
    return {"first": first, **await asks(listener)}


async def test_a_question_is_a_result_and_the_answer_comes_with_the_next_request(held: HeldCalls):
    asked = await held.begin(MINE, ASKING, asks)
    question = {"method": "elicitation/create", "params": FORM}
    assert asked == {
        "resultType": "input_required",
        "inputRequests": {KEY: question},
        "requestState": asked["requestState"],
    }
    assert len(held) == 1
    assert await held.resume(asked["requestState"], MINE, ASKING, BLUE) == {"said": BLUE[KEY]}
    assert len(held) == 0


async def test_it_may_ask_again_and_speaks_to_the_request_that_is_there(held: HeldCalls):
    first, second = Ear(capabilities=CAN), Ear(capabilities=CAN)
    asked = await held.begin(MINE, first.listener, asks_twice)
    again = await held.resume(asked["requestState"], MINE, second.listener, BLUE)
    assert again["requestState"] != asked["requestState"]
    assert (first.steps, second.steps) == ([], [1])
    result = await held.resume(again["requestState"], MINE, ASKING, BLUE)
    assert result == {"first": {"said": BLUE[KEY]}, "said": BLUE[KEY]}


@pytest.mark.parametrize("answers", [None, {}, {"other": {}}, {KEY: "blue"}, "blue"])
async def test_without_the_answer_it_asks_the_same_again(held: HeldCalls, answers: Any):
    asked = await held.begin(MINE, ASKING, asks)
    again = await held.resume(asked["requestState"], MINE, ASKING, answers)
    assert again["inputRequests"] == asked["inputRequests"]
    assert await held.resume(again["requestState"], MINE, ASKING, BLUE) == {"said": BLUE[KEY]}


@pytest.mark.parametrize(
    "other", [MINE._replace(subject="bob"), MINE._replace(method="prompts/get"), MINE._replace(name="echo")]
)
async def test_nobody_else_goes_on_with_it(held: HeldCalls, other: Owner):
    state = (await held.begin(MINE, ASKING, asks))["requestState"]
    with pytest.raises(CallGone, match="not known whether the call ran"):
        await held.resume(state, other, ASKING, BLUE)
    assert await held.resume(state, MINE, ASKING, BLUE) == {"said": BLUE[KEY]}


async def test_an_answer_counts_once(held: HeldCalls):
    state = (await held.begin(MINE, ASKING, asks))["requestState"]
    await held.resume(state, MINE, ASKING, BLUE)
    for wrong in (state, "made up", 7):
        with pytest.raises(CallGone):
            await held.resume(wrong, MINE, ASKING, BLUE)


async def test_a_client_that_does_not_come_back_ends_the_call():
    held, ended = HeldCalls("raw", seconds=0.01), asyncio.Event()

    async def endless(listener: Listener) -> dict[str, Any]:
        try:
            return await asks(listener)
        finally:
            ended.set()

    asked = await held.begin(MINE, ASKING, endless)
    await asyncio.wait_for(ended.wait(), 1)
    with pytest.raises(CallGone):
        await held.resume(asked["requestState"], MINE, ASKING, BLUE)


async def test_a_principal_has_only_so_many_and_takes_no_room_of_anothers(held: HeldCalls):
    for _ in range(MAX_EACH):
        await held.begin(MINE, ASKING, asks)
    with pytest.raises(UpstreamBusy, match=f"{MAX_EACH} calls of yours"):
        await held.begin(MINE, ASKING, asks)
    assert len(held) == MAX_EACH
    await held.begin(MINE._replace(subject="bob"), ASKING, asks)


async def test_leaving_cancels_the_call(held: HeldCalls):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_: Listener) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
            return {}
        finally:
            ended.set()

    running = asyncio.create_task(held.begin(MINE, ASKING, slow))
    await begun.wait()
    running.cancel()
    await asyncio.wait_for(ended.wait(), 1)


async def test_closing_ends_those_that_run_and_those_that_wait(held: HeldCalls):
    async def slow(_: Listener) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    begun = asyncio.Event()
    state = (await held.begin(MINE, ASKING, asks))["requestState"]
    running = asyncio.create_task(held.begin(MINE, ASKING, slow))
    await begun.wait()
    await held.close()
    with pytest.raises(UpstreamLost):
        await running
    with pytest.raises(CallGone):
        await held.resume(state, MINE, ASKING, BLUE)


async def test_what_the_client_did_not_declare_is_refused_to_the_upstream(held: HeldCalls):
    with pytest.raises(UpstreamAnswered, match="did not declare"):
        await held.begin(MINE, Listener(capabilities={"roots": {}}), asks)
    asked = await held.begin(MINE, ASKING, asks_twice)
    with pytest.raises(UpstreamAnswered, match="did not declare"):  # the retry declares less than the first request
        await held.resume(asked["requestState"], MINE, SILENT, BLUE)


# with real upstreams


@pytest.mark.parametrize("kind", [LEGACY_JSON], ids=named)
async def test_a_question_beside_a_call_that_is_given_up_holds_up_no_other(one: Front):
    """Such an upstream asks on a stream of the session's, which takes one question at a time."""
    one.upstream.held = HeldCalls("raw", seconds=0.05)
    await ask(one)
    await one.target.wait_for("cancelled", "ask")
    one.upstream.held = HeldCalls("raw")
    assert (await ask(one, **retry(await ask(one))))["structuredContent"]["answer"] == "blue"
    await one.upstream.held.close()


KINDS = pytest.mark.parametrize("kind", [LEGACY, SESSIONLESS, SSE, LEGACY_STDIO], ids=named)
ASK = Route("tool", "upstream", "raw", "raw_ask", "ask", {})


async def ask(one: Front, caller: Caller = ADA, listener: Listener = ASKING, **more: Any) -> dict[str, Any]:
    params = {"name": "raw_ask", "arguments": {"question": "Which colour?"}, **more}
    return await exchange(one.upstream, ASK, Exchange(caller, params, listener))


def retry(asked: dict[str, Any]) -> dict[str, Any]:
    return {"requestState": asked["requestState"], "inputResponses": BLUE}


@KINDS
async def test_a_legacy_upstream_asks_a_modern_client(one: Front):
    asked = await ask(one)
    assert asked["inputRequests"][KEY]["params"]["message"] == "Which colour?"
    result = await ask(one, **retry(asked))
    assert result["structuredContent"] == {"action": "accept", "answer": "blue"}
    assert len(one.asked("tools/call")) == 1


@KINDS
async def test_a_call_that_is_given_up_is_cancelled_upstream(one: Front):
    one.upstream.held = HeldCalls("raw", seconds=0.05)
    asked = await ask(one)
    await one.target.wait_for("cancelled", "ask")
    with pytest.raises(CallGone):
        await ask(one, **retry(asked))
    assert len(one.asked("tools/call")) == 1
    assert repr(one.upstream.bulkhead) == "<Bulkhead running=0 waiting=0>"


@KINDS
async def test_two_callers_hear_their_own_answers(one: Front):
    ada, bob = await ask(one, ADA), await ask(one, BOB)
    with pytest.raises(CallGone):
        await ask(one, BOB, **retry(ada))
    red = {KEY: {"action": "accept", "content": {"answer": "red"}}}
    bobs = await ask(one, BOB, requestState=bob["requestState"], inputResponses=red)
    assert bobs["structuredContent"]["answer"] == "red"
    assert (await ask(one, ADA, **retry(ada)))["structuredContent"]["answer"] == "blue"


@pytest.mark.parametrize("kind", [LEGACY, LEGACY_JSON, LEGACY_STDIO], ids=named)
async def test_the_users_time_is_not_the_upstreams(one: Front):
    """A deadline passes while the user thinks; after the answer, the upstream still has its time."""
    await ask(one, **retry(await ask(one)))  # the session is open: what follows takes no time of the upstream's
    one.upstream.config = one.upstream.config.model_copy(update={"deadline": 1.0})
    asked = await ask(one)
    with pytest.raises(UpstreamTimeout):
        await one.call("slow", seconds=30)
    assert (await ask(one, **retry(asked)))["structuredContent"]["answer"] == "blue"


@pytest.mark.parametrize("kind", [LEGACY], ids=named)
async def test_answers_without_a_state_go_nowhere(one: Front):
    asked = await ask(one, inputResponses=BLUE)
    assert asked["resultType"] == "input_required"
    (sent,) = one.asked("tools/call")
    assert "inputResponses" not in sent["body"]["params"]
