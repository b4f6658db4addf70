"""A well-formed modern request is read as the SDK reads it; anything odd is left to the main door."""

from typing import Any

import orjson
import pytest
from mcp.shared.inbound import encode_header_value

from gateway.doors.express.inbound import modern_request
from tests.upstreams.messages import modern_meta
from tests.upstreams.messages import modern_request as sent

NAME = "io.modelcontextprotocol/"


def request(method: str = "tools/call", meta: Any = None, **params: Any) -> tuple[dict[bytes, bytes], bytes]:
    """Headers as ASGI gives them, and the body."""
    given = params or {"name": "raw_echo", "arguments": {"text": "hi"}}
    body, headers = sent(method, 7, **given, _meta=modern_meta() if meta is None else meta)
    return {k.lower().encode(): v.encode() for k, v in headers.items()}, orjson.dumps(body)


def test_what_it_says_is_read() -> None:
    meta = modern_meta(**{f"{NAME}logLevel": "info", "progressToken": "p", "vendor/key": 1})
    meta[f"{NAME}clientCapabilities"] = {"elicitation": {}, "unknown": {}}
    read = modern_request(*request(meta=meta))
    assert read is not None
    assert (read.id, read.method, read.params["name"]) == (7, "tools/call", "raw_echo")
    assert (read.log_level, read.progress_token, read.meta["vendor/key"]) == ("info", "p", 1)
    assert list(read.capabilities) == ["elicitation"]


def test_a_name_that_no_header_can_carry_comes_in_base64() -> None:
    headers, body = request("resources/read", uri="text://raw/ümlaut")
    said = encode_header_value("text://raw/ümlaut").encode()
    assert said.startswith(b"=?base64?")
    assert modern_request({**headers, b"mcp-name": said}, body) is not None


@pytest.mark.parametrize(
    "change",
    [
        {b"mcp-method": b"tools/list"},
        {b"mcp-name": b"raw_other"},
        {b"mcp-name": b"=?base64?no?="},
    ],
)
def test_headers_that_disagree_with_the_body_are_not_ours_to_judge(change: dict[bytes, bytes]) -> None:
    headers, body = request()
    assert modern_request(headers, body) is not None
    assert modern_request({**headers, **change}, body) is None


@pytest.mark.parametrize(
    "meta",
    [
        {f"{NAME}protocolVersion": "2025-11-25"},
        {f"{NAME}clientCapabilities": None},
        {f"{NAME}clientCapabilities": []},
        {f"{NAME}clientInfo": {"name": 5}},
        {f"{NAME}logLevel": "loud"},
        {f"{NAME}subscriptionId": 1},
        {"progressToken": 1.5},
        {f"{NAME}clientInfo": {"name": "x" * 5000, "version": "1"}},
    ],
)
def test_a_meta_that_the_schema_refuses_is_not_ours_to_judge(meta: dict[str, Any]) -> None:
    assert modern_request(*request(meta={**modern_meta(), **meta})) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"jsonrpc":"1.0","id":7,"method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","id":true,"method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","id":7,"method":5,"params":{}}',
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[]}',
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"raw_echo"}}',
    ],
)
def test_a_body_that_is_no_such_request_is_not_ours_to_judge(body: bytes) -> None:
    assert modern_request(request()[0], body) is None


def test_a_number_that_would_be_read_as_another_is_left_alone() -> None:
    headers, body = request(name="raw_echo", arguments={"text": 9_007_199_254_740_993})
    assert modern_request(headers, body) is not None
    assert modern_request(headers, body.replace(b"9007199254740993", b"18446744073709551616")) is None


def test_a_client_that_is_nested_too_deep_is_not_ours_to_judge() -> None:
    headers, body = request()
    none, deep = (b'Capabilities":%s' % each for each in (b"{}", b'{"a":' * 300 + b"1" + b"}" * 300))
    assert none in body
    assert modern_request(headers, body.replace(none, deep)) is None
