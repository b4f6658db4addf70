"""The modern side over HTTP is as strict as the specification (2026-07-28, basic/transports/streamable-http)."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.upstreams.kit import Running
from tests.upstreams.messages import legacy_call, messages_in, messages_of, modern_call, modern_meta, modern_request

Body = dict[str, Any]
Headers = dict[str, str]
Spoil = Callable[[Body, Headers], object]

HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST = -32020, -32602, -32600


def meta(body: Body) -> Body:
    return body["params"]["_meta"]


def other_version(body: Body, headers: Headers) -> None:
    meta(body)["io.modelcontextprotocol/protocolVersion"] = "1900-01-01"
    headers["mcp-protocol-version"] = "1900-01-01"


REFUSED: dict[str, tuple[Spoil, int, int]] = {
    "no version in _meta": (
        lambda body, _: meta(body).pop("io.modelcontextprotocol/protocolVersion"), 400, INVALID_PARAMS
    ),
    "no capabilities in _meta": (
        lambda body, _: meta(body).pop("io.modelcontextprotocol/clientCapabilities"), 400, INVALID_PARAMS
    ),
    "no _meta": (lambda body, _: body["params"].pop("_meta"), 400, INVALID_PARAMS),
    "no version header": (lambda _, headers: headers.pop("mcp-protocol-version"), 400, HEADER_MISMATCH),
    "another version header": (
        lambda _, headers: headers.update({"mcp-protocol-version": "2025-11-25"}), 400, HEADER_MISMATCH
    ),
    "no method header": (lambda _, headers: headers.pop("mcp-method"), 400, HEADER_MISMATCH),
    "another method header": (lambda _, headers: headers.update({"mcp-method": "tools/list"}), 400, HEADER_MISMATCH),
    "no name header": (lambda _, headers: headers.pop("mcp-name"), 400, HEADER_MISMATCH),
    "another name header": (lambda _, headers: headers.update({"mcp-name": "add"}), 400, HEADER_MISMATCH),
    "malformed base64": (lambda _, headers: headers.update({"mcp-name": "=?base64?e?="}), 400, HEADER_MISMATCH),
    "an unknown version": (other_version, 400, -32022),
    "an unknown method": (
        lambda body, headers: (body.update(method="tools/eat"), headers.update({"mcp-method": "tools/eat"})),
        404,
        -32601,
    ),
    "an id that is null": (lambda body, _: body.update(id=None), 400, INVALID_REQUEST),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
async def test_a_wrong_request_is_refused(why: str, raw_modern: Running) -> None:
    spoil, status, code = REFUSED[why]
    body, headers = modern_call("echo", text="hi")
    spoil(body, headers)
    async with httpx.AsyncClient() as client:
        refused = await client.post(raw_modern.url, json=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert raw_modern.events()[-1]["event"] == "request"  # nothing was started


async def test_an_unsupported_version_names_the_supported(raw_both: Running) -> None:
    body, headers = modern_request("server/discover")
    other_version(body, headers)
    async with httpx.AsyncClient() as client:
        refused = await client.post(raw_both.url, json=body, headers=headers)
    supported = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
    assert refused.json()["error"]["data"] == {"supported": supported, "requested": "1900-01-01"}


async def test_a_repeated_header_is_refused(raw_modern: Running) -> None:
    body, headers = modern_call("echo", text="hi")
    pairs = [*headers.items(), ("Mcp-Name", "echo")]
    async with httpx.AsyncClient() as client:
        refused = await client.post(raw_modern.url, json=body, headers=pairs)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, HEADER_MISMATCH)


async def test_a_name_may_come_as_base64(raw_modern: Running) -> None:
    body, headers = modern_call("echo", text="hi")
    headers["mcp-name"] = "=?base64?ZWNobw==?="
    async with httpx.AsyncClient() as client:
        assert (await client.post(raw_modern.url, json=body, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "headers", "status"),
    [
        ({"region": "eu"}, {"mcp-param-region": "eu"}, 200),
        ({"region": "Zürich"}, {"mcp-param-region": "=?base64?WsO8cmljaA==?="}, 200),
        ({"region": "eu", "paging": {"limit": 42}}, {"mcp-param-region": "eu", "mcp-param-limit": "42.0"}, 200),
        ({"region": "eu"}, {}, 400),
        ({"region": "eu"}, {"mcp-param-region": "us"}, 400),
        ({"region": "eu"}, {"mcp-param-region": "eu", "mcp-param-limit": "1"}, 400),
        ({"region": "eu", "paging": {"limit": 42}}, {"mcp-param-region": "eu"}, 400),
    ],
)
async def test_parameters_must_stand_in_headers(
    arguments: Body, headers: Headers, status: int, raw_modern_json: Running
) -> None:
    body, standard = modern_call("header", **arguments)
    async with httpx.AsyncClient() as client:
        answer = await client.post(raw_modern_json.url, json=body, headers={**standard, **headers})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["code"] == HEADER_MISMATCH


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET", "headers": {"accept": "text/event-stream"}}, 405),
        ({"method": "DELETE"}, 405),
        ({"method": "POST", "json": {}, "headers": {"accept": "application/json"}}, 406),
        ({"method": "POST", "content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
        ({"method": "POST", "json": {}, "headers": {"origin": "http://evil.example"}}, 403),
        ({"method": "POST", "content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"method": "POST", "json": {"jsonrpc": "2.0", "method": "notifications/cancelled"}}, 202),
        ({"method": "POST", "json": {"jsonrpc": "2.0", "id": 1, "result": {}}}, 400),
        ({"method": "POST", "json": legacy_call("echo", text="hi")}, 400),
    ],
    ids=str,
)
async def test_http_itself(request_: dict[str, Any], status: int, raw_modern: Running) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.request(url=raw_modern.url, **request_)).status_code == status


async def test_results_say_what_the_era_wants(raw_modern_json: Running) -> None:
    raw_modern_json.control(ttl_ms=5, cache_scope="private")
    async with httpx.AsyncClient() as client:

        async def ask(method: str, **params: Any) -> Body:
            body, headers = modern_request(method, **params)
            return (await client.post(raw_modern_json.url, json=body, headers=headers)).json()["result"]

        discovered = await ask("server/discover")
        listed = await ask("tools/list")
        called = await ask("tools/call", name="echo", arguments={"text": "hi"})
    assert discovered["supportedVersions"] == ["2026-07-28"]
    assert (listed["resultType"], listed["ttlMs"], listed["cacheScope"]) == ("complete", 5, "private")
    assert called["resultType"] == "complete"
    assert "ttlMs" not in called
    assert called["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "raw"


async def test_input_is_asked_for_with_state_and_taken_with_it(raw_modern_json: Running) -> None:
    body, headers = modern_call("ask", question="Which?")
    async with httpx.AsyncClient(headers=headers) as client:

        async def send(**params: Any) -> httpx.Response:
            return await client.post(raw_modern_json.url, json={**body, "params": {**body["params"], **params}})

        incapable = await send()
        assert (incapable.status_code, incapable.json()["error"]["code"]) == (400, -32021)
        capable = modern_meta(**{"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}})
        asked = (await send(_meta=capable)).json()["result"]
        assert asked["resultType"] == "input_required"
        assert asked["inputRequests"]["answer"]["params"]["message"] == "Which?"
        assert "ttlMs" not in asked
        given = {"answer": {"action": "accept", "content": {"answer": "this"}}}
        forged = await send(_meta=capable, inputResponses=given, requestState="mine")
        assert forged.json()["error"]["code"] == INVALID_PARAMS
        done = (await send(_meta=capable, inputResponses=given, requestState=asked["requestState"])).json()["result"]
    assert done["structuredContent"] == {"action": "accept", "answer": "this"}


@pytest.mark.parametrize(("least", "heard"), [(None, []), ("error", []), ("info", ["warning"])])
async def test_logs_go_only_to_who_asked_for_the_level(
    least: str | None, heard: list[str], raw_modern: Running
) -> None:
    body, headers = modern_call("log", level="warning", message="look")
    if least:
        meta(body)["io.modelcontextprotocol/logLevel"] = least
    async with httpx.AsyncClient() as client:
        answer = await client.post(raw_modern.url, json=body, headers=headers)
    *notes, _ = messages_in(answer.headers["content-type"], answer.text)
    assert [note["params"]["level"] for note in notes] == heard


async def test_an_invented_cursor_is_refused(raw_modern_json: Running) -> None:
    body, headers = modern_request("tools/list", cursor="nonsense")
    async with httpx.AsyncClient() as client:
        refused = await client.post(raw_modern_json.url, json=body, headers=headers)
    assert refused.json()["error"]["code"] == INVALID_PARAMS


@pytest.mark.parametrize("upstream", ["raw_modern", "raw_modern_json"])
async def test_a_client_that_leaves_cancels(upstream: str, request: pytest.FixtureRequest) -> None:
    running: Running = request.getfixturevalue(upstream)
    body, headers = modern_call("slow", seconds=60)
    async with httpx.AsyncClient() as client:
        calling = asyncio.create_task(client.post(running.url, json=body, headers=headers))
        await running.wait_for("started", "slow")
        calling.cancel()
        (cancelled,) = await running.wait_for("cancelled", "slow")
    assert cancelled["by"] == "stream"


async def test_a_subscription_is_acknowledged_first_and_gets_what_it_asked_for(raw_modern: Running) -> None:
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["text://raw/notes"]}
    body, headers = modern_request("subscriptions/listen", "s", notifications=wanted)
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", raw_modern.url, json=body, headers=headers) as stream,
    ):
        messages = messages_of(stream)
        acknowledged = await anext(messages)
        raw_modern.control(updated="blob://raw/pixel.png")
        raw_modern.control(updated="text://raw/notes")
        raw_modern.control(extra=["new_tool"])
        raw_modern.control(end_streams=True, extra=["new_tool"])
        updated, changed, ended = [message async for message in messages]
    assert acknowledged["params"]["notifications"] == wanted
    assert updated["params"]["uri"] == "text://raw/notes"
    assert changed["method"] == "notifications/tools/list_changed"
    stamps = [each["params"]["_meta"] for each in (acknowledged, updated, changed)]
    assert stamps == [{"io.modelcontextprotocol/subscriptionId": "s"}] * 3
    assert ended["id"] == "s"
    assert ended["result"]["resultType"] == "complete"
