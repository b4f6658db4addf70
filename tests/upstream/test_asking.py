"""What a modern upstream asks, put to a legacy client."""

from typing import Any

import pytest

from gateway.errors import UpstreamAnswered, UpstreamBroken
from gateway.upstream.asking import MAX_ROUNDS, declared, may_ask, modern_question, until_complete
from gateway.upstream.listener import Ask, Listener

QUESTION = {"method": "elicitation/create", "params": {"message": "Which colour?"}}
ASKS: dict[str, Any] = {"resultType": "input_required", "inputRequests": {"colour": QUESTION}, "requestState": "s1"}
DONE = {"resultType": "complete", "content": []}


class Upstream:
    """Gives its answers in turn, and keeps what it was sent."""

    def __init__(self, *answers: dict[str, Any]):
        self.answers = list(answers)
        self.sent: list[dict[str, Any]] = []

    async def send(self, params: dict[str, Any]) -> dict[str, Any]:
        self.sent.append(params)
        return self.answers.pop(0)


async def completed(upstream: Upstream, params: dict[str, Any], ask: Ask) -> dict[str, Any]:
    return await until_complete("up", upstream.send, params, await upstream.send(params), ask)


async def blue(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"action": "accept", "content": {"answer": "blue"}, "asked": [method, params["message"]]}


async def test_the_request_is_sent_again_with_the_answers_and_the_state():
    upstream = Upstream(ASKS, DONE)
    assert await completed(upstream, {"name": "paint"}, blue) == DONE
    answer = {"action": "accept", "content": {"answer": "blue"}, "asked": ["elicitation/create", "Which colour?"]}
    assert upstream.sent == [
        {"name": "paint"},
        {"name": "paint", "inputResponses": {"colour": answer}, "requestState": "s1"},
    ]


async def test_state_alone_is_sent_back_without_a_question():
    upstream = Upstream({"resultType": "input_required", "requestState": "later"}, DONE)
    await completed(upstream, {}, blue)
    assert upstream.sent[1] == {"inputResponses": {}, "requestState": "later"}


async def test_a_client_that_will_not_answer_ends_the_call():
    async def refuse(method: str, params: dict[str, Any]) -> dict[str, Any]:
        raise UpstreamAnswered(-1, "User rejected the request")

    with pytest.raises(UpstreamAnswered, match="rejected"):
        await completed(Upstream(ASKS), {}, refuse)


async def test_questions_have_an_end():
    with pytest.raises(UpstreamBroken, match="more than"):
        await completed(Upstream(*[ASKS] * (MAX_ROUNDS + 1)), {}, blue)


@pytest.mark.parametrize("wanted", ["colour", {"params": {}}, {"method": "elicitation/create", "params": 1}])
async def test_what_is_no_request_is_named(wanted: Any):
    with pytest.raises(UpstreamBroken, match="no request"):
        await completed(Upstream({**ASKS, "inputRequests": {"colour": wanted}}), {}, blue)


CAPABILITIES = {"elicitation": {}, "sampling": {}, "roots": {}, "experimental": {"x": {}}}


@pytest.mark.parametrize(
    ("client", "upstream", "names"),
    [
        ("legacy", "legacy", {"elicitation", "sampling", "roots", "experimental"}),
        ("modern", "modern", {"elicitation", "sampling", "roots", "experimental"}),
        ("legacy", "modern", {"elicitation", "sampling", "roots"}),
        ("modern", "legacy", {"elicitation", "sampling", "roots"}),
        ("modern", None, set()),
    ],
)
def test_an_upstream_is_told_only_what_it_can_ask_for(client: Any, upstream: Any, names: set[str]):
    assert declared(Listener(era=client, capabilities=CAPABILITIES), upstream).keys() == names


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_nobody_is_promised_to_hear_of_changed_roots(era: Any):
    listener = Listener(era=era, capabilities={"roots": {"listChanged": True}, "sampling": {}})
    assert declared(listener, era) == {"roots": {}, "sampling": {}}


URL_MODE = {"mode": "url", "message": "Sign in", "url": "https://example.com/in"}
FORM = {"message": "Which?", "requestedSchema": {"type": "object", "properties": {}}}
SAMPLE = {"messages": [], "maxTokens": 5}


@pytest.mark.parametrize(
    ("capabilities", "method", "params", "may"),
    [
        ({"elicitation": {}}, "elicitation/create", FORM, True),
        ({"elicitation": {}}, "elicitation/create", URL_MODE, False),
        ({"elicitation": {"url": {}}}, "elicitation/create", URL_MODE, True),
        ({"elicitation": {"url": {}}}, "elicitation/create", FORM, False),
        ({"elicitation": {"url": {}, "form": {}}}, "elicitation/create", FORM, True),
        ({"elicitation": {}}, "elicitation/create", {"mode": "telepathy"}, False),
        ({"elicitation": {}}, "sampling/createMessage", SAMPLE, False),
        ({"sampling": {}}, "sampling/createMessage", SAMPLE, True),
        ({"sampling": {}}, "sampling/createMessage", {**SAMPLE, "tools": []}, False),
        ({"sampling": {"tools": {}}}, "sampling/createMessage", {**SAMPLE, "tools": []}, True),
        ({"roots": {}}, "roots/list", {}, True),
        ({"roots": None}, "roots/list", {}, False),
        ({"roots": {}}, "tasks/get", {}, False),
        ({"": {}}, "tasks/get", {}, False),
    ],
)
def test_a_client_can_be_asked_what_it_declared(capabilities: Any, method: str, params: Any, may: bool):
    assert may_ask(capabilities, method, params) is may


def test_a_legacy_question_loses_what_only_legacy_ones_have():
    legacy = {**URL_MODE, "elicitationId": "e1", "_meta": {"progressToken": 1}, "task": {}}
    asked = modern_question({"elicitation": {"url": {}}}, "elicitation/create", legacy)
    assert asked == {"method": "elicitation/create", "params": URL_MODE}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [("roots/list", {}, -32601), ("elicitation/create", {"message": 7}, -32602)],
)
def test_what_cannot_be_asked_is_answered_with_an_error(method: str, params: Any, code: int):
    with pytest.raises(UpstreamAnswered) as refusal:
        modern_question({"elicitation": {}}, method, params)
    assert refusal.value.code == code


async def test_a_page_that_a_modern_upstream_shows_gets_the_id_that_a_legacy_client_needs():
    asked: list[dict[str, Any]] = []

    async def keep(method: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        return {"action": "accept"}

    page = {**ASKS, "inputRequests": {"page": {"method": "elicitation/create", "params": URL_MODE}}}
    await completed(Upstream(page, page, DONE), {}, keep)
    ids = {each.pop("elicitationId") for each in asked}
    assert len(ids) == 2
    assert asked == [URL_MODE, URL_MODE]
