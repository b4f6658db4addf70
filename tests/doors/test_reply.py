"""One answer to a request: as JSON, or at the end of a stream."""

from typing import Any

import orjson
import pytest

from gateway.doors.reply import Reply
from gateway.errors import Forbidden
from gateway.model.route import Route


class Sent:
    """What was sent, as an ASGI server would get it."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def head(self) -> tuple[int, dict[bytes, bytes]]:
        (start,) = [each for each in self.messages if each["type"] == "http.response.start"]
        assert self.messages[0] is start
        return start["status"], dict(start["headers"])

    @property
    def body(self) -> bytes:
        assert not self.messages[-1].get("more_body", False)
        return b"".join(each.get("body", b"") for each in self.messages)


async def test_an_answer_alone_is_json() -> None:
    sent = Sent()
    await Reply(sent, "a").result({"content": []})
    status, headers = sent.head
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    assert int(headers[b"content-length"]) == len(sent.body)
    assert orjson.loads(sent.body) == {"jsonrpc": "2.0", "id": "a", "result": {"content": []}}


@pytest.mark.parametrize(("code", "status"), [(-32602, 400), (-32601, 404), (50301, 200), (7, 200)])
async def test_an_error_has_the_status_that_goes_with_its_code(code: int, status: int) -> None:
    sent = Sent()
    await Reply(sent, 1).error(code, "no", {"kind": "x"})
    assert sent.head[0] == status
    assert orjson.loads(sent.body)["error"] == {"code": code, "message": "no", "data": {"kind": "x"}}


async def test_an_error_without_data_has_no_such_member() -> None:
    sent = Sent()
    await Reply(sent, 1).error(-32602, "no", None)
    assert orjson.loads(sent.body)["error"] == {"code": -32602, "message": "no"}


async def test_what_is_said_before_comes_first_and_in_order() -> None:
    sent = Sent()
    reply = Reply(sent, 1)
    await reply.notify("notifications/progress", {"progress": 1})
    await reply.ping()
    await reply.result({})
    assert sent.head[1][b"content-type"] == b"text/event-stream"
    first, ping, last, rest = sent.body.split(b"\r\n\r\n")
    assert (
        first == b'event: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}'
    )
    assert ping == b": ping"
    assert last == b'event: message\r\ndata: {"jsonrpc":"2.0","id":1,"result":{}}'
    assert rest == b""


WRITING = Route("tool", "upstream", "raw", "raw_slow", "slow", {})
REFUSAL = Forbidden("'raw_slow' needs a scope.", required_scopes=["raw:write"])


@pytest.mark.parametrize("metadata", [None, "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"])
async def test_a_refusal_says_which_scope_to_ask_for_and_where(metadata: str | None) -> None:
    sent = Sent()
    await Reply(sent, 1).refused(REFUSAL, WRITING, metadata)
    status, headers = sent.head
    where = f', resource_metadata="{metadata}"' if metadata else ""
    assert status == 403
    assert headers[b"www-authenticate"].decode() == f'Bearer error="insufficient_scope", scope="raw:write"{where}'
    assert orjson.loads(sent.body)["error"]["data"] == {"kind": "forbidden", "required_scopes": ["raw:write"]}


async def test_a_refusal_in_a_stream_stays_in_it() -> None:
    sent = Sent()
    reply = Reply(sent, 1)
    await reply.ping()
    await reply.refused(REFUSAL, WRITING, None)
    assert sent.head[0] == 200
    assert b'"code":40300' in sent.body


async def test_a_whole_number_beyond_64_bits_is_said_as_it_is() -> None:
    sent = Sent()
    await Reply(sent, 1).result({"structuredContent": {"result": 2**70}})
    assert str(2**70).encode() in sent.body


async def test_an_error_may_hold_one_too() -> None:
    sent = Sent()
    await Reply(sent, 1).error(7, "no", 2**70)
    assert str(2**70).encode() in sent.body
