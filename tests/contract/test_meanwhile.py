"""What an upstream says while a call runs: progress and log messages, to the client that made the call."""

import asyncio
from typing import Any

from tests.contract.pairs import STREAMING, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served

PROGRESS = "notifications/progress"
LOG = "notifications/message"
INVALID_PARAMS = -32602
LEVEL = "io.modelcontextprotocol/logLevel"


@requirement("eras.pairing", "progress.order", "progress.token")
@pairs(STREAMING)
async def test_progress_comes_in_order_before_the_result_with_the_clients_own_token(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        answer = await client.call(pair.name("progress"), meta={"progressToken": "the client's own"}, steps=3)
    steps = [
        {"progressToken": "the client's own", "progress": step, "total": 3, "message": f"step {step}"}
        for step in (1, 2, 3)
    ]
    assert answer.told(PROGRESS) == steps
    assert answer.messages[-1]["result"]["content"][0]["text"] == "3 steps"
    assert [message.get("method") for message in answer.messages] == [PROGRESS] * 3 + [None]


@requirement("progress.token")
@pairs(STREAMING)
async def test_without_a_token_there_is_no_progress(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        answer = await client.call(pair.name("progress"), steps=3)
    assert len(answer.messages) == 1


@requirement("progress.token")
@pairs(STREAMING)
async def test_calls_side_by_side_hear_only_their_own_progress(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        answers = await asyncio.gather(
            *(client.call(pair.name("progress"), meta={"progressToken": n}, steps=n) for n in range(1, 6))
        )
    for n, answer in enumerate(answers, 1):
        assert [(each["progressToken"], each["progress"]) for each in answer.told(PROGRESS)] == [
            (n, step) for step in range(1, n + 1)
        ]


@requirement("eras.pairing")
@pairs(STREAMING)
async def test_progress_and_logs_reach_the_handlers_of_any_client(pair: Pair) -> None:
    heard: list[Any] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async def logged(message: Any) -> None:
        heard.append(message.level)

    async with pair.client(log_handler=logged) as client:
        await client.call_tool(pair.name("progress"), {"steps": 2}, progress_handler=progressed)
        await client.call_tool(pair.name("log"), {"level": "error", "message": "look"})
    assert heard == [(1, 2, "step 1"), (2, 2, "step 2"), "error"]


@requirement("logs.requested")
@pairs(STREAMING, clients=["modern"])
async def test_a_modern_client_hears_what_it_asked_for_and_above(pair: Pair) -> None:
    async with wire(pair.gateway.url, "modern") as client:
        for level, heard in (("warning", True), ("critical", True), ("info", False)):
            answer = await client.call(pair.name("log"), meta={LEVEL: "warning"}, level=level, message="look")
            assert [each["level"] for each in answer.told(LOG)] == [level] * heard


@requirement("logs.requested")
@pairs(STREAMING, clients=["modern"])
async def test_a_modern_client_that_asked_for_no_log_hears_none(pair: Pair) -> None:
    async with wire(pair.gateway.url, "modern") as client:
        answer = await client.call(pair.name("log"), level="error", message="look")
    assert len(answer.messages) == 1


@requirement("logs.session-level")
@pairs(STREAMING, clients=["legacy"])
async def test_a_legacy_session_hears_the_level_that_it_set_and_above(pair: Pair) -> None:
    async with wire(pair.gateway.url, "legacy") as client, wire(pair.gateway.url, "legacy") as other:
        await client.ask("logging/setLevel", level="error")
        await other.ask("logging/setLevel", level="debug")
        for level, heard in (("warning", False), ("error", True), ("alert", True)):
            answer = await client.call(pair.name("log"), level=level, message="look")
            assert [each["level"] for each in answer.told(LOG)] == [level] * heard
        assert len((await other.call(pair.name("log"), level="info", message="look")).told(LOG)) == 1


@requirement("logs.requested")
async def test_a_request_with_a_level_that_does_not_exist_is_refused(gateway: Served) -> None:
    async with wire(gateway.url, "modern") as client:
        answer = await client.call("modern_log", meta={LEVEL: "loud"}, level="error", message="look")
    assert answer.error["code"] == INVALID_PARAMS


@requirement("logs.session-level")
async def test_a_refused_level_leaves_a_session_as_it_was(gateway: Served) -> None:
    async with wire(gateway.url, "legacy") as client:
        await client.ask("logging/setLevel", level="error")
        assert (await client.ask("logging/setLevel", level="loud")).error["code"] == INVALID_PARAMS
        for level, heard in (("warning", False), ("error", True)):
            answer = await client.call("modern_log", level=level, message="look")
            assert [each["level"] for each in answer.told(LOG)] == [level] * heard
