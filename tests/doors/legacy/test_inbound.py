"""A well-formed legacy call is read as it stands; anything odd is left to the main door."""

from typing import Any

import orjson
import pytest

from gateway.doors.legacy.inbound import call_in, message_in
from tests.upstreams.messages import legacy_request


def call(id: Any = 1, **params: Any) -> dict[str, Any]:
    return legacy_request("tools/call", id, **{"name": "raw_echo", "arguments": {"text": "hi"}, **params})


def test_what_it_says_is_read() -> None:
    read = call_in(message_in(orjson.dumps(call("x", _meta={"progressToken": 5, "vendor/key": 1}))))
    assert read is not None
    assert (read.id, read.kind, read.name) == ("x", "tool", "raw_echo")
    assert (read.progress_token, read.meta["vendor/key"]) == (5, 1)


def test_a_call_needs_no_meta() -> None:
    read = call_in(call())
    assert read is not None
    assert (read.meta, read.progress_token) == ({}, None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"5", b"[]", b'{"method":"ping","id":1}', b'{"jsonrpc":"2.0","id":1234567890123456789}']
)
def test_what_is_no_message_or_has_a_number_that_json_parsers_differ_on_is_none(body: bytes) -> None:
    assert message_in(body) == {}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"jsonrpc": "2.0", "id": 1, "method": 5, "params": {}},
        legacy_request("tools/list"),
        call(True),
        call(None),
        call(1.5),
        call(name=5),
        call(arguments=[]),
        call(task={"ttl": 1}),
        call(_meta=None),
        call(_meta={"progressToken": 1.5}),
        call(_meta={"progressToken": None}),
        call(_meta={"io.modelcontextprotocol/related-task": {}}),
    ],
)
def test_anything_else_is_the_main_doors(message: dict[str, Any]) -> None:
    assert call_in(message) is None
