"""One exchange for a caller: nothing of its own goes up, all of the answer comes back, and each failure has a name."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, UpstreamAnswered
from gateway.model.route import Route
from gateway.upstream.listener import Listener
from gateway.upstream.relay import Exchange, complete, exchange, outbound_params
from tests.upstream.fronts import (
    ADA,
    ALL,
    LEGACY,
    LEGACY_STDIO,
    MODERN,
    MODERN_JSON,
    MODERN_STDIO,
    SSE,
    STREAMING,
    Ear,
    Front,
    Kind,
    every_kind,
    named,
    text_of,
)
from tests.upstreams.kit import Command
from tests.upstreams.raw.definitions import NOTES_TEXT, PIXEL, UNLISTED, VENDOR

# what goes up

HOP_META = {
    "progressToken": "the client's",
    "io.modelcontextprotocol/protocolVersion": "1999-01-01",
    "io.modelcontextprotocol/clientInfo": {"name": "the client"},
    "io.modelcontextprotocol/clientCapabilities": {"sampling": {}},
    "io.modelcontextprotocol/logLevel": "debug",
    "io.modelcontextprotocol/subscriptionId": 7,
}
VENDOR_META = {"com.example/trace": {"a": [1]}, "traceparent": "00-ab-cd-01"}


@every_kind
async def test_of_the_callers_meta_only_what_is_not_its_connections_goes_up(one: Front, kind: Kind):
    result = await one.call("whoami", meta=HOP_META | VENDOR_META)
    (asked,) = one.asked("tools/call")
    meta = asked["body"]["params"]["_meta"]
    assert {key: meta.pop(key) for key in VENDOR_META} == VENDOR_META
    own = {f"io.modelcontextprotocol/{key}" for key in ("protocolVersion", "clientInfo", "clientCapabilities")}
    assert set(meta) == (own if kind.era == "modern" else set())
    assert "the client" not in str(asked)
    assert result["structuredContent"]["era"] == kind.era


names = st.text(min_size=1, max_size=9)


@given(st.dictionaries(st.sampled_from([*HOP_META, *VENDOR_META]) | names, st.integers(), max_size=6))
def test_no_key_of_the_protocol_gets_through(meta):
    route = Route("tool", "upstream", "raw", "raw_x", "x", {})
    sent = outbound_params(route, {"name": "raw_x", "_meta": meta}).get("_meta", {})
    assert sent == {key: value for key, value in meta.items() if key not in HOP_META and not key.startswith("io.model")}


def test_a_request_goes_up_under_the_upstreams_own_name():
    routes = [
        Route(kind, "upstream", "raw", "public", "own", {}) for kind in ("tool", "prompt", "resource", "template")
    ]
    params = {"name": "public", "uri": "public", "arguments": {"name": "public"}, "inputResponses": {}, "_meta": {}}
    sent = [outbound_params(route, params) for route in routes]
    assert [each["name"] for each in sent] == ["own", "own", "public", "public"]
    assert [each["uri"] for each in sent] == ["public", "public", "own", "own"]
    assert all(each["arguments"] == {"name": "public"} and "_meta" not in each for each in sent)
    assert params["name"] == "public"


@pytest.mark.parametrize(
    ("params", "said"),
    [({"_meta": []}, "params._meta must be an object."), ({"arguments": "x"}, "params.arguments must be an object.")],
)
def test_parameters_that_are_no_objects_are_the_clients_fault(params, said):
    with pytest.raises(InvalidRequest) as refusal:
        outbound_params(Route("tool", "upstream", "raw", "raw_x", "x", {}), params)
    assert refusal.value.message == said


@pytest.mark.parametrize("kind", [MODERN, LEGACY, MODERN_STDIO], ids=named)
async def test_a_number_that_cannot_be_sent_on_is_the_clients_fault(one: Front):
    with pytest.raises(InvalidRequest):
        await one.call("echo", text=2**64)
    assert text_of(await one.call("echo", text="still well")) == "still well"


@pytest.mark.parametrize("kind", [MODERN], ids=named)
async def test_a_log_level_that_is_none_is_the_clients_fault(one: Front):
    with pytest.raises(InvalidRequest, match="The log level must be one of debug, info"):
        await one.call("echo", Listener(log_level="loud"), text="a")


@pytest.mark.parametrize("kind", [each for each in ALL if each.era == "modern"], ids=named)
async def test_arguments_are_mirrored_in_the_headers_that_a_tool_wants(one: Front, kind: Kind):
    await one.call("header", region="eu west ü", paging={"limit": 5})
    (asked,) = one.asked("tools/call")
    headers = asked.get("headers", {})
    mirrored = {name: value for name, value in headers.items() if name.startswith("mcp-param-")}
    expected = {"mcp-param-region": "=?base64?ZXUgd2VzdCDDvA==?=", "mcp-param-limit": "5"}
    assert mirrored == (expected if kind.transport == "http" else {})


@pytest.mark.parametrize("kind", [MODERN], ids=named)
async def test_a_prompt_named_like_such_a_tool_mirrors_nothing(one: Front):
    route = Route("prompt", "upstream", "raw", "raw_header", "header", {})
    with pytest.raises(UpstreamAnswered):
        await exchange(one.upstream, route, Exchange(ADA, {"name": "raw_header", "arguments": {"region": "eu"}}))
    (asked,) = one.asked("prompts/get")
    assert not [name for name in asked["headers"] if name.startswith("mcp-param-")]


@pytest.mark.parametrize(
    ("kind", "era", "declared"),
    [
        (MODERN, "modern", {"roots": {}, "experimental": {}}),
        (MODERN, "legacy", {"roots": {}}),
        (LEGACY, "modern", {"roots": {}}),
        (LEGACY, "legacy", {"roots": {}, "experimental": {}}),
    ],
)
async def test_only_capabilities_that_can_be_served_are_declared(one: Front, era: Any, declared: Any):
    result = await one.call("whoami", Listener(era=era, capabilities={"roots": {}, "experimental": {}}))
    assert result["structuredContent"]["about"]["capabilities"] == declared


# what comes back


@every_kind
async def test_all_that_is_offered_can_be_used_by_its_public_name(one: Front):
    assert text_of(await one.call("echo", text="Grüß Gott")) == "Grüß Gott"
    assert (await one.call("add", a=1, b=2))["structuredContent"] == {"sum": 3, "terms": [1, 2]}
    for uri in (
        "text://raw/raw/notes",
        "opaque://raw/urn:raw:book:1",
        "text://raw/raw/unlisted",
        "text://raw/raw/items/7",
    ):
        (content,) = (await one.read(uri))["contents"]
        assert content["uri"] == uri
    assert (await one.read("text://raw/raw/notes"))["contents"][0]["text"] == NOTES_TEXT
    assert (await one.read("blob://raw/raw/pixel.png"))["contents"][0]["blob"] == PIXEL
    greeting = await one.prompt("greet", name="Ada", style="short")
    assert greeting["messages"][0]["content"]["text"] == "Greet Ada in the short style."


@every_kind
async def test_arguments_are_completed_by_their_owner(one: Front):
    routes = one.catalog().routes
    template = routes["template"]["text://raw/raw/items/{id}"]
    for route, argument, values in (
        (routes["prompt"]["raw_greet"], {"name": "style", "value": "f"}, ["formal", "friendly"]),
        (template, {"name": "id", "value": ""}, ["1", "2", "3"]),
    ):
        params = {"ref": {"type": "whatever the client said"}, "argument": argument, "_meta": HOP_META}
        result = await complete(one.upstream, route, Exchange(ADA, params))
        assert result["completion"]["values"] == values
    assert "the client" not in str(one.asked("completion/complete"))


@every_kind
async def test_uris_in_a_result_lead_back_through_us(one: Front):
    notes, picture, embedded = (await one.call("link"))["content"]
    assert (notes["uri"], notes["size"], notes["mimeType"]) == ("text://raw/raw/notes", 37, "text/plain")
    assert picture["uri"] == "blob://raw/raw/pixel.png"
    assert embedded["resource"]["uri"] == f"text://raw/{UNLISTED.removeprefix('text://')}"
    assert embedded["resource"]["_meta"] == {VENDOR: "embedded"}
    assert (await one.read(embedded["resource"]["uri"]))["contents"][0]["text"] == "Not on any list."


@every_kind
async def test_the_upstreams_own_name_does_not_come_through_and_vendors_keys_do(one: Front):
    assert (await one.call("echo", text="a"))["_meta"] == {VENDOR: "result echo"}
    assert "_meta" not in await one.call("add", a=1, b=2)
    assert (await one.read("text://raw/raw/notes"))["_meta"] == {VENDOR: "result read"}


@every_kind
async def test_content_that_nobody_knows_is_put_in_words(one: Front):
    content = (await one.call("unknown_content"))["content"]
    assert [each["text"] for each in content] == ['{"type":"hologram","beams":[1,2]}', "beside a hologram"]


@every_kind
async def test_both_kinds_of_failure_are_kept_whole(one: Front):
    failed = await one.call("fail", message="no such thing")
    assert (failed["isError"], text_of(failed), failed["content"][1]["data"]) == (True, "no such thing", PIXEL)
    with pytest.raises(UpstreamAnswered) as failure:
        await one.call("error", code=1234, message="too bad")
    answered = failure.value
    assert (answered.code, answered.message, answered.data) == (
        1234,
        "too bad",
        {"from": "raw", "nested": [1, {"two": None}]},
    )


@pytest.mark.parametrize("kind", STREAMING, ids=named)
async def test_progress_is_heard_by_who_asked_for_it(one: Front):
    ear, deaf = Ear(progress=True), Ear()
    await asyncio.gather(one.call("progress", ear.listener, steps=3), one.call("progress", deaf.listener, steps=3))
    assert ear.steps == [1, 2, 3]
    assert deaf.told == []


@pytest.mark.parametrize("kind", STREAMING, ids=named)
async def test_logs_are_heard_from_the_level_that_was_asked_for(one: Front, kind: Kind):
    ear, other, deaf = Ear(log_level="warning"), Ear(log_level="debug"), Ear()
    for level in ("debug", "warning", "alert"):
        await one.call("log", ear.listener, level=level, message=level)
        await one.call("log", deaf.listener, level=level, message=level)
    assert [level for level, _ in ear.logged] == ["warning", "alert"]
    assert deaf.told == []
    await one.call("log", other.listener, level="debug", message="x")
    await one.call("log", ear.listener, level="info", message="x")
    assert [level for level, _ in other.logged] == ["debug"]
    assert len(ear.logged) == 2
    levels = [each["body"]["params"]["level"] for each in one.asked("logging/setLevel")]
    assert levels == ([] if kind.era == "modern" else ["warning", "debug"])


@pytest.mark.parametrize("kind", [LEGACY, SSE, LEGACY_STDIO], ids=named)
async def test_the_user_is_asked_in_mid_call(one: Front):
    answer = {"action": "accept", "content": {"answer": "blue"}}
    ear = Ear({"elicitation/create": answer}, era="legacy", capabilities={"elicitation": {}})
    result = await one.call("ask", ear.listener, question="Which colour?")
    assert result["structuredContent"] == {"action": "accept", "answer": "blue"}
    assert ear.asked[0][1]["message"] == "Which colour?"


@pytest.mark.parametrize("kind", [MODERN, MODERN_JSON, MODERN_STDIO], ids=named)
async def test_what_needs_input_comes_through(one: Front):
    result = await one.call("ask", Listener(capabilities={"elicitation": {}}), question="Which colour?")
    assert result["resultType"] == "input_required"
    assert result["inputRequests"]["answer"]["params"]["message"] == "Which colour?"


# what it costs


@every_kind
async def test_a_warm_call_is_one_request_over_a_kept_connection(one: Front, kind: Kind):
    await one.call("echo", text="warm")
    one.target.reset()
    for number in range(5):
        await one.call("echo", text=str(number))
    asked = one.asked()
    assert [each["rpc"] for each in asked] == ["tools/call"] * 5
    if kind.transport == "http":
        assert len({each["connection"] for each in asked}) == 1
    if isinstance(one.target, Command):
        assert one.target.pids() == []


@pytest.mark.parametrize(
    "fixture", ["fastmcp_upstream", "legacy_upstream", "legacy_stateless_upstream", "legacy_sse_upstream"]
)
async def test_a_warm_call_of_an_sdk_is_one_request_over_few_connections(fixture, request, front):
    """They end a body a moment after the answer, so the next call may find its connection not free yet."""
    one: Front = await front(request.getfixturevalue(fixture))
    await one.call("echo", text="warm")
    one.target.reset()
    for number in range(10):
        assert text_of(await one.call("echo", text=str(number))) == str(number)
    assert [each["rpc"] for each in one.asked()] == ["tools/call"] * 10
    assert len({each["connection"] for each in one.asked()}) <= 3
