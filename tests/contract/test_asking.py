"""What an upstream asks of the user: in mid-call between legacy sides, as a result between modern ones."""

from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import KINDS, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire

LEGACY_ASKING = [kind for kind in KINDS if kind.era == "legacy"]
RAW_ASKING = [kind for kind in KINDS if kind.is_raw]
MODERN_ASKING = [kind for kind in KINDS if kind.era == "modern"]


CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
DECLARED = {CAPABILITIES: {"elicitation": {}}}


def answers(asked: Any, answer: Any = None) -> dict[str, Any]:
    """What a modern client sends with its request when it sends it again."""
    blue = {"action": "accept", "content": {"answer": "blue"}}
    return {
        "requestState": asked["requestState"],
        "inputResponses": dict.fromkeys(asked["inputRequests"], answer or blue),
    }


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


@requirement("mrtr.legacy-upstream")
@pairs(LEGACY_ASKING, clients=["modern"])
async def test_a_legacy_upstream_asks_the_user_of_a_modern_client(pair: Pair) -> None:
    user = User()
    async with pair.client(elicitation_handler=user) as client:
        result = await client.call_tool(pair.name("ask"), {"question": "Which colour?"})
    assert user.asked == ["Which colour?"]
    assert answered(result) == "accept: blue"
    assert len([each for each in pair.upstream.record() if each["rpc"] == "tools/call"]) == 1


@requirement("elicitation.undeclared")
@pairs([kind for kind in LEGACY_ASKING if kind.is_raw and kind.namespace != "sessionless"])  # which knows only the last
async def test_an_upstream_is_told_of_nothing_that_the_client_did_not_declare(pair: Pair) -> None:
    async with pair.client() as client:
        about = (await client.call_tool(pair.name("whoami"))).structured_content["about"]
    assert about["capabilities"] == {}
    assert about["clientInfo"]["name"] == "one-url-gateway"


@requirement("roots.changes")
@pairs([kind for kind in LEGACY_ASKING if kind.is_raw and kind.namespace != "sessionless"], clients=["legacy"])
async def test_no_upstream_counts_on_hearing_of_changed_roots(pair: Pair) -> None:
    async with pair.client(roots=["file:///work"]) as client:  # which declares `listChanged`
        about = (await client.call_tool(pair.name("whoami"))).structured_content["about"]
    assert about["capabilities"]["roots"] == {}


@requirement("elicitation.answer")
@pytest.mark.parametrize("answer", [{"action": "perhaps"}, {}, {"action": "accept", "content": "blue"}])
@pairs([kind for kind in LEGACY_ASKING if kind.namespace == "session"], clients=["legacy"])
async def test_an_answer_that_is_none_becomes_an_error_for_who_asked(pair: Pair, answer: Any) -> None:
    async with wire(pair.gateway.url, "legacy", open=False) as client:
        await client.open(elicitation={})
        async with client.streamed("tools/call", name=pair.name("ask"), arguments={"question": "?"}) as messages:
            question = await anext(messages)
            await client.answer(question["id"], answer)
            final = await anext(messages)
    assert final["error"]["message"] == "The client refused: The client's answer is no result of elicitation/create"


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


@requirement("mrtr.legacy-upstream", "progress.token")
@pairs([kind for kind in RAW_ASKING if kind.era == "legacy" and kind.streams], clients=["modern"])
async def test_it_may_ask_again_and_what_it_tells_goes_to_the_request_that_is_there(pair: Pair) -> None:
    async with wire(pair.gateway.url, "modern") as client:
        call = {"name": pair.name("ask"), "arguments": {"question": "Which colour?", "times": 2}}
        first = await client.ask("tools/call", DECLARED | {"progressToken": "one"}, **call)
        second = await client.ask("tools/call", DECLARED | {"progressToken": "two"}, **call, **answers(first.result))
        third = await client.ask("tools/call", DECLARED | {"progressToken": "three"}, **call, **answers(second.result))
    reports = [each.told("notifications/progress") for each in (first, second, third)]
    told = [[(each["progressToken"], each["progress"]) for each in some] for some in reports]
    assert told == [[("one", 0)], [("two", 1)], []]
    assert third.result["structuredContent"] == {"action": "accept", "answer": "blue"}


@requirement("mrtr.bound")
@pairs(LEGACY_ASKING + MODERN_ASKING, clients=["modern"])
async def test_state_is_good_for_the_same_request_only_and_once(pair: Pair) -> None:
    tool = "ask" if pair.kind.is_raw or pair.kind.era == "legacy" else "ask_first"
    call = {"name": pair.name(tool), "arguments": {"question": "Which colour?"}}
    async with wire(pair.gateway.url, "modern") as client:
        retry = answers((await client.ask("tools/call", DECLARED, **call)).result)
        for other in (
            {"name": pair.name("echo")},
            {"arguments": {"question": "Which size?"}},
            {"requestState": retry["requestState"][:-6] + "AAAA" + retry["requestState"][-2:]},
        ):
            error = (await client.ask("tools/call", DECLARED, **{**call, **retry, **other})).error
            assert (error["code"], error["message"]) == (-32602, "Invalid or expired requestState")
        assert "result" in (await client.ask("tools/call", DECLARED, **call, **retry)).final
        if pair.kind.era == "legacy":  # a modern upstream may take its own state as often as it likes
            gone = (await client.ask("tools/call", DECLARED, **call, **retry)).error
            assert (gone["code"], gone["data"]["kind"]) == (41000, "call_gone")
            assert "not known whether the call ran" in gone["message"]


URL_MODE = {"mode": "url", "message": "Sign in", "url": "https://example.com/in", "elicitationId": "e1"}
SAMPLE = {"messages": [{"role": "user", "content": {"type": "text", "text": "Say a word."}}], "maxTokens": 5}
SAMPLED = {"role": "assistant", "content": {"type": "text", "text": "word"}, "model": "small"}
KIND_OF_QUESTION = [
    ("elicitation/create", URL_MODE, {"elicitation": {"url": {}}}, {"action": "accept"}),
    ("sampling/createMessage", SAMPLE, {"sampling": {}}, SAMPLED),
    ("roots/list", {}, {"roots": {}}, {"roots": [{"uri": "file:///work", "name": "work"}]}),
]
kinds_of_question = pytest.mark.parametrize(
    ("method", "params", "capabilities", "answer"), KIND_OF_QUESTION, ids=["page", "sample", "roots"]
)


@requirement("mrtr.kinds")
@kinds_of_question
@pairs(RAW_ASKING, clients=["modern"])
async def test_a_modern_client_is_asked_whatever_it_declared(
    pair: Pair, method: str, params: Any, capabilities: Any, answer: Any
) -> None:
    declared = {CAPABILITIES: capabilities}
    modern = {key: params[key] for key in params if key != "elicitationId"}
    own = modern if pair.kind.era == "modern" else params
    call = {"name": pair.name("ask"), "arguments": {"question": "", "method": method, "params": own}}
    async with wire(pair.gateway.url, "modern") as client:
        asked = (await client.ask("tools/call", declared, **call)).result
        ((_, question),) = asked["inputRequests"].items()
        result = (await client.ask("tools/call", declared, **call, **answers(asked, answer))).result
    assert question["method"] == method
    assert question.get("params", {}) == modern
    assert result["structuredContent"] == answer


@requirement("mrtr.kinds", "elicitation.undeclared")
@kinds_of_question
@pairs([kind for kind in RAW_ASKING if kind.era == "legacy" and kind.namespace != "sessionless"], clients=["modern"])
async def test_a_modern_client_is_not_asked_what_it_did_not_declare(
    pair: Pair, method: str, params: Any, capabilities: Any, answer: Any
) -> None:
    declared = {CAPABILITIES: {"elicitation": {}}}
    async with wire(pair.gateway.url, "modern") as client:
        call = {"name": pair.name("ask"), "arguments": {"question": "", "method": method, "params": params}}
        error = (await client.ask("tools/call", declared, **call)).error
    assert "never declared" in error["message"] or "did not declare" in error["message"]


async def model(messages: Any, params: Any, context: Any) -> str:
    """A client's model, which has one word."""
    return "word"


@requirement("mrtr.kinds")
@pytest.mark.parametrize(
    ("method", "params", "said"),
    [("sampling/createMessage", SAMPLE, ["content", "text"]), ("roots/list", {}, ["roots", 0, "uri"])],
    ids=["sample", "roots"],
)
@pairs(RAW_ASKING, clients=["legacy"])
async def test_a_legacy_client_is_asked_whatever_it_declared(
    pair: Pair, method: str, params: Any, said: list[Any]
) -> None:
    async with pair.client(sampling_handler=model, roots=["file:///work"]) as client:
        answer: Any = (
            await client.call_tool(pair.name("ask"), {"question": "", "method": method, "params": params})
        ).structured_content
    for step in said:
        answer = answer[step]
    assert answer in ("word", "file:///work")
