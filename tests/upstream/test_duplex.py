"""Many calls over one channel: each hears its own, none holds up another, and all learn of its end."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError, SessionLost, UpstreamAnswered, UpstreamBroken, UpstreamLost, UpstreamTooLarge
from gateway.upstream import duplex
from gateway.upstream.duplex import DuplexSession
from gateway.upstream.listener import SILENT, Era, Listener
from tests.upstream.fronts import Ear
from tests.upstream.peer import until

PATIENCE = 5.0
DISCOVERED = {
    "supportedVersions": ["2026-07-28", "2025-11-25"],
    "capabilities": {"tools": {}},
    "instructions": "Hello.",
}
WELCOME = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "x"}}


class Scripted:
    """A channel whose other side is the test: `heard` gives what was sent, `say` what it answers."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.closed = False
        self.refusal: Exception | None = None
        self.late = asyncio.Event()
        self.late.set()
        self._said: asyncio.Queue[bytes | GatewayError | None] = asyncio.Queue()

    async def send(self, message: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.heard.put_nowait(orjson.loads(message))

    async def receive(self) -> AsyncGenerator[bytes]:
        while (message := await self._said.get()) is not None:
            if isinstance(message, GatewayError):
                raise message
            yield message

    async def last_words(self) -> str:
        await self.late.wait()
        return "; it said: farewell"

    async def close(self) -> None:
        self.closed = True

    def say(self, **message: Any) -> None:
        self.say_raw(orjson.dumps({"jsonrpc": "2.0", **message}))

    def say_raw(self, message: bytes | GatewayError) -> None:
        self._said.put_nowait(message)

    def end(self) -> None:
        self._said.put_nowait(None)

    async def next(self, method: str) -> dict[str, Any]:
        """The next message that is heard, which must be of that method ("" for an answer)."""
        async with asyncio.timeout(5):
            message = await self.heard.get()
        assert message.get("method", "") == method
        return message


@pytest.fixture
def channel() -> Scripted:
    return Scripted()


@pytest.fixture
async def session(channel: Scripted) -> AsyncGenerator[DuplexSession]:
    """A legacy session, opened."""
    session = DuplexSession("raw", channel, "stdio", {"sampling": {}})
    opening = asyncio.create_task(session.open("legacy", PATIENCE))
    hello = await channel.next("initialize")
    channel.say(id=hello["id"], result=WELCOME)
    await opening
    await channel.next("notifications/initialized")
    yield session
    await session.close()


def call(session: DuplexSession, listener: Listener = SILENT, **arguments: Any) -> "asyncio.Task[dict[str, Any]]":
    return asyncio.create_task(session.request("tools/call", {"name": "x", "arguments": arguments}, listener, {}))


async def opened(
    channel: Scripted, era: Era | None, *answers: dict[str, Any], patience: float = PATIENCE
) -> DuplexSession:
    """A session whose first requests get these answers."""
    session = DuplexSession("raw", channel, "stdio", {})
    opening = asyncio.create_task(session.open(era, patience))
    for answer in answers:
        request = await channel.heard.get()
        channel.say(id=request["id"], **answer)
    try:
        await opening
    finally:
        if opening.exception() is not None:
            await session.close()
    return session


# opening


async def test_the_handshake(channel):
    session = DuplexSession("raw", channel, "sse", {"sampling": {}})
    opening = asyncio.create_task(session.open("legacy", PATIENCE))
    hello = await channel.next("initialize")
    assert hello["params"]["capabilities"] == {"sampling": {}}
    channel.say(id=hello["id"], result=WELCOME)
    await opening
    assert (session.transport, session.era, session.facts.info) == ("sse", "legacy", {"name": "x"})
    assert session.stateful
    assert repr(session) == "<DuplexSession raw sse open calls=0>"
    await session.close()
    assert repr(session) == "<DuplexSession raw sse closed calls=0>"
    assert channel.closed


async def test_a_modern_server_is_asked_first(channel):
    session = await opened(channel, None, {"result": DISCOVERED})
    assert (session.era, session.facts.instructions) == ("modern", "Hello.")
    running = call(session)
    asked = await channel.next("tools/call")
    assert asked["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    channel.say(id=asked["id"], result={"a": 1})
    assert await running == {"a": 1}
    await session.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32601, "message": "Method not found"}},
        {"error": {"code": -32602, "message": "Invalid request parameters"}},
        {"error": {"code": -32022, "message": "Unsupported", "data": {"supported": ["2025-11-25"]}}},
        {"result": {"supportedVersions": ["2025-11-25"]}},
        {"result": {}},
    ],
)
async def test_a_legacy_server_is_greeted_next(channel, answer):
    session = await opened(channel, None, answer, {"result": WELCOME})
    assert session.era == "legacy"
    await session.close()


async def test_silence_is_taken_for_a_legacy_server(channel):
    session = DuplexSession("raw", channel, "stdio", {})
    opening = asyncio.create_task(session.open(None, 0.01))
    unanswered = await channel.next("server/discover")
    told = [await channel.heard.get() for _ in range(2)]
    hello = next(message for message in told if message["method"] == "initialize")
    channel.say(id=unanswered["id"], result=DISCOVERED)  # too late
    channel.say(id=hello["id"], result=WELCOME)
    await opening
    assert session.era == "legacy"
    await session.close()


async def test_a_modern_server_that_will_not_have_us(channel):
    with pytest.raises(UpstreamAnswered):
        await opened(channel, None, {"error": {"code": -32022, "message": "no", "data": {"supported": ["2027-01-01"]}}})


async def test_a_version_that_nobody_knows(channel):
    with pytest.raises(UpstreamBroken, match="speaks a protocol version that this gateway does not know"):
        await opened(channel, "legacy", {"result": {"protocolVersion": "1999-01-01"}})


# calls


async def test_answers_find_their_calls_in_any_order(session, channel):
    running = [call(session, number=number) for number in range(3)]
    asked = [await channel.next("tools/call") for _ in running]
    assert repr(session) == "<DuplexSession raw stdio open calls=3>"
    for message in reversed(asked):
        channel.say(id=message["id"], result=message["params"]["arguments"])
    assert [await each for each in running] == [{"number": 0}, {"number": 1}, {"number": 2}]


async def test_an_error_is_kept_whole(session, channel):
    running = call(session)
    asked = await channel.next("tools/call")
    channel.say(id=asked["id"], error={"code": 5, "message": "no", "data": {"a": [1]}})
    with pytest.raises(UpstreamAnswered) as failure:
        await running
    assert (failure.value.code, failure.value.message, failure.value.data) == (5, "no", {"a": [1]})


async def test_progress_goes_to_the_call_it_is_about_and_logs_to_all(session, channel):
    ears = [Ear(progress=True), Ear(progress=True)]
    running = [call(session, ear.listener) for ear in ears]
    first, second = [await channel.next("tools/call") for _ in running]
    channel.say(
        method="notifications/progress",
        params={"progressToken": second["params"]["_meta"]["progressToken"], "progress": 5},
    )
    channel.say(method="notifications/message", params={"level": "info", "data": "both"})
    for asked in (first, second):
        channel.say(id=asked["id"], result={})
    await asyncio.gather(*running)
    assert [ear.steps for ear in ears] == [[], [5]]
    assert [ear.logged for ear in ears] == [[("info", "both")]] * 2


async def test_other_notifications_are_for_whoever_listens(session, channel):
    told: asyncio.Queue[str] = asyncio.Queue()

    async def notify(method: str, params: dict[str, Any]) -> None:
        told.put_nowait(method)

    listening = asyncio.create_task(session.listen(["a://b"], notify))
    asked = await channel.next("resources/subscribe")
    assert asked["params"] == {"uri": "a://b"}
    channel.say(id=asked["id"], result={})
    channel.say(method="notifications/tools/list_changed")
    assert await told.get() == "notifications/tools/list_changed"
    channel.end()
    with pytest.raises(UpstreamLost):
        await listening


@pytest.mark.parametrize(
    "noise",
    [
        b"[info] starting",
        b"{",
        b"[1]",
        b'{"jsonrpc":"2.0","id":[1],"result":{}}',
        b'{"jsonrpc":"2.0","id":999,"result":{}}',
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}',
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":["x"]}}',
        b'{"jsonrpc":"2.0","method":"notifications/progress"}',
    ],
)
async def test_noise_harms_no_call(session, channel, noise, caplog):
    running = call(session)
    asked = await channel.next("tools/call")
    with caplog.at_level(logging.DEBUG, "gateway.upstream.duplex"):
        channel.say_raw(noise)
        channel.say(id=asked["id"], result={"a": 1})
        assert await running == {"a": 1}
    assert noise.decode() not in caplog.text


async def test_a_question_goes_to_the_youngest_call(session, channel):
    old, young = Ear(), Ear({"sampling/createMessage": {"role": "assistant"}})
    running = [call(session, ear.listener) for ear in (old, young)]
    asked = [await channel.next("tools/call") for _ in running]
    channel.say(id="q1", method="sampling/createMessage", params={"messages": []})
    answer = await channel.next("")
    assert answer == {"jsonrpc": "2.0", "id": "q1", "result": {"role": "assistant"}}
    assert (old.asked, young.asked) == ([], [("sampling/createMessage", {"messages": []})])
    for message in asked:
        channel.say(id=message["id"], result={})
    await asyncio.gather(*running)


async def test_a_session_that_declared_nothing_may_have_several_users_and_asks_none(channel):
    session = await opened(channel, "legacy", {"result": WELCOME})
    await channel.next("notifications/initialized")
    ear = Ear({"sampling/createMessage": {"role": "assistant"}})
    running = call(session, ear.listener)
    asked = await channel.next("tools/call")
    channel.say(id="q1", method="sampling/createMessage", params={"messages": []})
    assert (await channel.next(""))["error"]["code"] == -32601
    assert ear.asked == []
    channel.say(id=asked["id"], result={})
    await running
    await session.close()


async def test_a_question_without_any_call_is_refused_and_a_ping_is_answered(session, channel):
    channel.say(id="q1", method="roots/list")
    assert (await channel.next(""))["error"]["code"] == -32601
    channel.say(id="q2", method="ping")
    assert await channel.next("") == {"jsonrpc": "2.0", "id": "q2", "result": {}}


async def test_a_slow_listener_holds_up_no_other_call(session, channel):
    never = asyncio.Event()

    async def slow(method: str, params: dict[str, Any]) -> None:
        await never.wait()

    stuck = call(session, Listener(notify=slow))
    quick = call(session)
    asked = [await channel.next("tools/call") for _ in range(2)]
    channel.say(method="notifications/message", params={"level": "info", "data": "x"})
    channel.say(id=asked[1]["id"], result={"quick": True})
    assert await quick == {"quick": True}
    never.set()
    channel.say(id=asked[0]["id"], result={})
    await stuck


async def test_what_waits_for_a_slow_listener_is_bounded_and_its_answer_is_not_lost(session, channel, monkeypatch):
    monkeypatch.setattr(duplex, "MAX_WAITING", 3)
    gate, ear = asyncio.Event(), Ear()

    async def slow(method: str, params: dict[str, Any]) -> None:
        await gate.wait()
        await ear.listener.notify(method, params)

    running = call(session, Listener(notify=slow))
    asked = await channel.next("tools/call")
    for number in range(20):
        channel.say(method="notifications/message", params={"level": "info", "data": number})
    channel.say(id=asked["id"], result={"a": 1})
    channel.say(id="p", method="ping")
    await channel.next("")  # by now all of it has come in
    gate.set()
    assert await running == {"a": 1}
    assert 3 <= len(ear.logged) <= 4


# endings


async def test_leaving_cancels_the_call(session, channel):
    running = call(session)
    asked = await channel.next("tools/call")
    running.cancel()
    told = await channel.next("notifications/cancelled")
    assert told["params"] == {"requestId": asked["id"], "reason": "the caller left"}
    channel.say(id=asked["id"], result={})  # too late, and no harm
    assert repr(session) == "<DuplexSession raw stdio open calls=0>"


async def test_the_end_of_the_channel_is_told_to_every_call(session, channel):
    running = [call(session) for _ in range(3)]
    for _ in running:
        await channel.next("tools/call")
    channel.end()
    for each in running:
        with pytest.raises(UpstreamLost) as failure:
            await each
        assert failure.value.reason == "went away; it said: farewell. It is not known whether the call ran."
    assert session.closed
    with pytest.raises(SessionLost):
        await call(session)


async def test_calls_hear_why_it_ended_although_it_is_closed_meanwhile(session, channel):
    """Whoever comes next finds it dead and has it closed while its last words are still being waited for."""
    running = call(session)
    await channel.next("tools/call")
    channel.late.clear()
    channel.end()
    await until(lambda: session.closed)
    closing = asyncio.create_task(session.close())
    await asyncio.sleep(0)
    channel.late.set()
    await closing
    with pytest.raises(UpstreamLost, match="it said: farewell"):
        await running


async def test_a_channel_that_ends_with_an_error_tells_that(session, channel):
    running = call(session)
    await channel.next("tools/call")
    channel.say_raw(UpstreamTooLarge("raw", "sent too much."))
    with pytest.raises(UpstreamTooLarge):
        await running
    assert session.closed


async def test_closing_fails_what_is_running(session, channel):
    running = call(session)
    await channel.next("tools/call")
    await session.close()
    with pytest.raises(UpstreamLost, match="was closed"):
        await running
    await session.close()


async def test_an_answer_to_a_question_that_finds_no_session_loses_the_call(session, channel):
    running = call(session, Ear({"roots/list": {"roots": []}}).listener)
    await channel.next("tools/call")
    channel.refusal = SessionLost()
    channel.say(id="q1", method="roots/list")
    with pytest.raises(UpstreamLost, match="forgot the session in the middle of a call"):
        await running
    assert session.closed


@pytest.mark.parametrize(("bound", "most"), [("MAX_WAITING", 3), ("MAX_WAITING_BYTES", 180)])
async def test_questions_that_wait_for_a_slow_client_are_bounded_and_the_rest_is_refused(
    session, channel, monkeypatch, bound, most
):
    monkeypatch.setattr(duplex, bound, most)
    gate = asyncio.Event()

    async def slow(method: str, params: dict[str, Any]) -> dict[str, Any]:
        await gate.wait()
        return {"text": "yes"}

    running = call(session, Listener(ask=slow, era="legacy", capabilities={"sampling": {}}))
    asked = await channel.next("tools/call")
    for number in range(20):
        channel.say(id=f"q{number}", method="sampling/createMessage", params={})
    channel.say(id="p", method="ping")
    refused = []
    while (said := await channel.next(""))["id"] != "p":
        refused.append(said["error"]["code"])
    assert set(refused) == {-32601}
    assert 3 <= 20 - len(refused) <= 4
    gate.set()
    for _ in range(20 - len(refused)):
        assert (await channel.next(""))["result"] == {"text": "yes"}
    channel.say(id=asked["id"], result={"a": 1})
    assert await running == {"a": 1}
