"""Sessions and held calls over two workers: each request reaches the one that it belongs to, wherever it came in."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.doors.workers.forward import Forward
from gateway.doors.workers.owners import MARK, Owned, SessionOwners, owner_of_state
from gateway.policy.throttle import FailureThrottle
from tests.cli.running import PATIENCE, Up
from tests.conftest import Keep, well
from tests.gateways.kit import configuration, plain_http
from tests.upstreams.kit import Running, raw_http
from tests.upstreams.messages import legacy_call, legacy_request, messages_in, messages_of, modern_call, modern_request
from tests.workers_kit import number_of, one_at_each, opened, two_workers

CAN_ASK = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}


@pytest.fixture(scope="module")
def upstreams(keep: Keep) -> dict[str, Running]:
    return {"raw": keep(raw_http(era="modern")), "old": keep(raw_http(era="legacy"))}


@pytest.fixture(scope="module")
def kept(upstreams: dict[str, Running], tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    with two_workers(tmp_path_factory.mktemp("two"), configuration(upstreams)) as process:
        yield process


@pytest.fixture
def gateway(kept: Up, upstreams: dict[str, Running]) -> Up:
    for each in upstreams.values():
        well(each)
    return kept


def text(message: dict[str, Any]) -> str:
    return message["result"]["content"][0]["text"]


async def test_a_session_is_served_whichever_worker_is_asked(gateway: Up):
    async with one_at_each(gateway.url) as (first, second):
        for here, there in ((first, second), (second, first)):
            for client in (here, there):
                for namespace in ("raw", "old"):
                    called = legacy_call(f"{namespace}_echo", text="hello")
                    assert text(await client.result(called, here.session)) == "hello"
            answer = await there.says(legacy_request("ping", 7), here.session)
            assert answer.headers["mcp-session-id"] == here.session["mcp-session-id"]


async def test_many_sessions_of_both_eras_at_once(gateway: Up):
    async def calls(number: int) -> list[str]:
        async with plain_http() as http:
            session = await opened(http, gateway.url)
        told = []
        for at in range(5):
            async with plain_http() as http:  # another connection, and so perhaps another worker
                for body, headers in (
                    (legacy_call("old_echo", at, text=f"{number} {at}"), session),
                    modern_call("raw_echo", at, text=f"{number} {at}"),
                ):
                    answer = await http.post(gateway.url, json=body, headers=headers)
                    assert answer.status_code == 200, answer.text
                    told.append(text(messages_in(answer.headers["content-type"], answer.text)[-1]))
        return told

    told = await asyncio.gather(*(calls(number) for number in range(20)))
    assert told == [[f"{number} {at}" for at in range(5) for _ in range(2)] for number in range(20)]


async def test_what_a_session_ends_is_over_for_all(gateway: Up):
    async with one_at_each(gateway.url) as (first, second):
        ended = await second.http.delete(gateway.url, headers=first.session)
        assert ended.status_code == 200
        for client in (first, second):
            answer = await client.says(legacy_request("ping"), first.session)
            assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Session not found")


async def test_an_id_that_was_not_given_out_is_not_known(gateway: Up):
    async with one_at_each(gateway.url) as (first, second):
        own = first.session["mcp-session-id"].partition("~")[0]
        for given in (own, f"{own}~2", f"{own}~9", f"{own}~0", f"{own}~01x", f"{own}~", "~1", "x", f"{own}~2~1"):
            for client in (first, second):
                answer = await client.says(legacy_request("ping"), first.session | {"mcp-session-id": given})
                assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Session not found"), given


async def test_changes_are_told_on_a_stream_through_another_worker(gateway: Up, upstreams: dict[str, Running]):
    async with (
        one_at_each(gateway.url) as (first, second),
        second.http.stream("GET", gateway.url, headers=first.session) as stream,
    ):
        assert stream.status_code == 200
        upstreams["raw"].control(extra=["just_added"])
        async with asyncio.timeout(PATIENCE):
            async for message in messages_of(stream):
                if message.get("method") == "notifications/tools/list_changed":
                    break


async def test_notifications_come_before_the_answer_and_as_they_are_made(gateway: Up):
    async with one_at_each(gateway.url) as (first, second):
        body = legacy_call("raw_progress", steps=3)
        body["params"]["_meta"] = {"progressToken": "p"}
        answer = await second.says(body, first.session)
        *told, final = messages_in(answer.headers["content-type"], answer.text)
        assert [each["params"]["progress"] for each in told if each["method"] == "notifications/progress"] == [1, 2, 3]
        assert final["id"] == 1


async def test_a_client_that_leaves_is_noticed_by_the_owner(gateway: Up, upstreams: dict[str, Running]):
    async with one_at_each(gateway.url) as (first, second):
        call = asyncio.create_task(second.says(legacy_call("raw_slow", seconds=20.0), first.session))
        await upstreams["raw"].wait_for("started", "slow", deadline=PATIENCE)
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        async with plain_http() as http:
            await http.post(gateway.url, json=cancel, headers=first.session)
        await upstreams["raw"].wait_for("cancelled", "slow", deadline=PATIENCE)
        call.cancel()
        await asyncio.wait([call])


async def test_a_body_has_the_same_bound(gateway: Up):
    async with one_at_each(gateway.url) as (first, second):
        body = legacy_call("raw_echo", text="x" * 4_300_000)
        answers = [await client.says(body, first.session) for client in (first, second)]
        assert [answer.status_code for answer in answers] == [413, 413]


async def test_a_call_that_is_held_goes_on_where_it_is_held(gateway: Up):
    async with one_at_each(gateway.url) as (first, second):
        arguments: dict[str, Any] = {"name": "old_ask", "arguments": {"question": "Which colour?"}}
        body, headers = modern_request("tools/call", **arguments)
        body["params"]["_meta"] |= CAN_ASK
        asked = (await first.result(body, headers))["result"]
        assert asked["resultType"] == "input_required"
        answers = {key: {"action": "accept", "content": {"answer": "blue"}} for key in asked["inputRequests"]}
        body["params"] |= {"requestState": asked["requestState"], "inputResponses": answers}
        told = await second.result(body, headers)
        assert "blue" in text(told)


class Refusing(Forward):
    """Sends nothing on: the other worker refuses the credential."""

    def __init__(self) -> None:
        pass

    async def to(self, number: int, scope: Scope, body: bytes, receive: Receive, send: Send) -> bool:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return True


async def test_a_credential_that_another_worker_refuses_counts_here():
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    throttle = FailureThrottle(limit=1)
    owners = SessionOwners(not_asked, "/mcp", 0, Refusing(), throttle)
    headers = [(b"mcp-session-id", b"s" + MARK + b"1"), (b"authorization", b"Bearer x")]
    await owners({"type": "http", "path": "/mcp", "client": ("192.0.2.1", 1), "headers": headers}, receive, send)
    assert sent[0]["status"] == 401
    assert throttle.retry_after("192.0.2.1") > 0


async def not_asked(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the request was not sent on")


@pytest.mark.parametrize(
    ("given", "session"),
    [
        (b"abc~2", Owned(b"abc", 2)),
        (b"a~b~12", Owned(b"a~b", 12)),
        (b"abc", Owned(b"abc~", None)),
        (b"abc~", Owned(b"abc~~", None)),
        (b"abc~x", Owned(b"abc~x~", None)),
        (b"abc~1234", Owned(b"abc~1234~", None)),
        ("abc~²".encode("latin-1"), Owned("abc~²~".encode("latin-1"), None)),
    ],
)
def test_what_an_id_says(given: bytes, session: Owned):
    assert Owned.read(given) == session


@pytest.mark.parametrize(
    ("body", "owner"),
    [
        (b'{"params": {"requestState": "v1.abc~2"}}', 2),
        (b'{"params":{"requestState" :\n"v1.abc~12"}}', 12),
        (b'{"params": {"requestState": "v1.abc"}}', None),
        (b'{"params": {"name": "~2"}}', None),
        (b"", None),
    ],
)
def test_which_worker_state_names(body: bytes, owner: int | None):
    assert owner_of_state(body) == owner


def test_the_number_is_read_from_the_id():
    assert number_of("0" * 32 + "~2") == 2
