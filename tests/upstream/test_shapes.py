"""What a client can read goes on as it came; what it could not is put in words."""

from typing import Any

import pytest

from gateway.errors import UpstreamBroken
from gateway.upstream.shapes import is_text, readable

TEXT = {"type": "text", "text": "hello"}


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("tool", {"content": [TEXT], "vendor": {"a": 1}, "structuredContent": [1]}),
        ("tool", {"content": [{**TEXT, "vendor": 1}], "isError": True}),
        ("tool", {"content": [{"type": "image", "data": "AAAA", "mimeType": "image/png", "vendor": 1}]}),
        ("resource", {"contents": [{"uri": "text://a", "text": "x", "vendor": 1}]}),
        ("prompt", {"messages": [{"role": "user", "content": {**TEXT, "vendor": 1}, "vendor": 1}]}),
        ("tool", {"resultType": "input_required", "requestState": "s", "vendor": 1}),
    ],
)
def test_members_that_nobody_knows_come_through(kind: Any, result: dict[str, Any]) -> None:
    assert readable("raw", kind, result) == result


def test_content_that_nobody_knows_becomes_text() -> None:
    hologram = {"type": "hologram", "beams": [1]}
    said = {"type": "text", "text": '{"type":"hologram","beams":[1]}'}
    five = {"type": "text", "text": "5"}
    assert readable("raw", "tool", {"content": [TEXT, hologram, 5]})["content"] == [TEXT, said, five]
    got = readable("raw", "prompt", {"messages": [{"role": "user", "content": hologram}]})
    assert got["messages"] == [{"role": "user", "content": said}]


def test_a_tools_result_without_content_has_none() -> None:
    assert readable("raw", "tool", {"structuredContent": {}}) == {"structuredContent": {}, "content": []}


@pytest.mark.parametrize(("came", "means"), [("yes", True), ("no", False), (1, True), (0.0, False)])
def test_what_the_sdk_reads_as_a_failure_is_said_as_one(came: Any, means: bool) -> None:
    assert readable("raw", "tool", {"content": [TEXT], "isError": came})["isError"] is means


@pytest.mark.parametrize(
    ("kind", "result", "method"),
    [
        ("tool", {"content": "canary"}, "tools/call"),
        ("tool", {"content": [TEXT], "isError": "canary"}, "tools/call"),
        ("tool", {"content": [TEXT], "_meta": "canary"}, "tools/call"),
        ("resource", {"contents": "canary"}, "resources/read"),
        ("resource", {}, "resources/read"),
        ("prompt", {"messages": ["canary"], "description": 5}, "prompts/get"),
        ("prompt", {}, "prompts/get"),
        ("prompt", {"messages": "canary"}, "prompts/get"),
        ("tool", {"resultType": "input_required"}, "tools/call"),
        ("tool", {"resultType": "input_required", "inputRequests": "canary"}, "tools/call"),
    ],
)
def test_what_is_no_such_result_is_said_without_its_words(kind: Any, result: dict[str, Any], method: str) -> None:
    with pytest.raises(UpstreamBroken, match=method) as broken:
        readable("raw", kind, result)
    assert "canary" not in str(broken.value)


@pytest.mark.parametrize(
    "result",
    [
        {"content": []},
        {"content": [TEXT], "isError": True, "resultType": "complete"},
        {"content": [TEXT, TEXT], "structuredContent": {"a": 1}, "_meta": {"vendor": 1}},
    ],
)
def test_text_is_known(result: dict[str, Any]) -> None:
    assert is_text(result)


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"content": {"type": "text"}},
        {"content": [TEXT, {"type": "image", "data": "", "mimeType": "image/png"}]},
        {"content": [TEXT | {"annotations": {}}]},
        {"content": [{"type": "text", "text": 1}]},
        {"content": [TEXT], "isError": "yes"},
        {"content": [TEXT], "_meta": []},
        {"content": [TEXT], "resultType": "input_required"},
        {"content": [TEXT], "resultType": "task"},
    ],
)
def test_anything_else_is_looked_at(result: dict[str, Any]) -> None:
    assert not is_text(result)
