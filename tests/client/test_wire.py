"""What fails below FastMCP's client is named for the request that it failed, and answers are bounded."""

import json
from collections.abc import AsyncGenerator

import httpx2
import pytest

from gateway.client import wire
from gateway.client.wire import Wire, wire_to
from gateway.errors import Forbidden, GatewayError, Unauthenticated, UpstreamBroken, UpstreamDown, UpstreamLimited

ERROR = json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": 40300, "message": "no"}}).encode()


async def pieces(body: bytes) -> AsyncGenerator[bytes]:
    yield body


def answering(status: int, body: bytes | AsyncGenerator[bytes] = b"", **headers: str) -> Wire:
    def answer(_: httpx2.Request) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.Response(status, headers=named, content=pieces(body) if isinstance(body, bytes) else body)

    return Wire("them", httpx2.MockTransport(answer))


async def failure_of(made: Wire) -> GatewayError | None:
    async with made.client() as client:
        answer = await client.post("http://them/mcp", json={})
        assert answer.json()["error"]["message"]
        return made.claim(answer.json()["error"]["data"])


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (answering(401), Unauthenticated, "credential"),
        (answering(403, b'{"error": "CANARY"}'), Forbidden, "does not allow"),
        (answering(404), UpstreamBroken, "path"),
        (answering(429), UpstreamLimited, "too often"),
        (answering(200, content_encoding="gzip"), UpstreamBroken, "compressed"),
        (answering(307, location="http://other/CANARY"), UpstreamBroken, "redirects"),
    ],
)
async def test_an_http_failure_has_a_name(made: Wire, kind: type[GatewayError], words: str):
    failure = await failure_of(made)
    assert type(failure) is kind
    assert words in failure.message
    assert "CANARY" not in failure.message


async def test_a_port_without_a_listener_is_down():
    made = wire_to("http://127.0.0.1:9", "them")
    async with made.client() as client:
        answer = await client.post("http://127.0.0.1:9")
    assert isinstance(made.claim(answer.json()["error"]["data"]), UpstreamDown)


async def test_a_json_rpc_error_goes_on_as_it_came():
    async with answering(403, ERROR).client() as client:
        assert (await client.post("http://them/mcp", json={})).content == ERROR


async def test_a_failure_is_claimed_by_its_token_once_and_by_no_other():
    made = answering(401)
    async with made.client() as client:
        tokens = [(await client.post("http://them/mcp", json={})).json()["error"]["data"] for _ in range(2)]
    assert made.claim("another") is None
    assert made.claim({"not": "hashable"}) is None
    assert [made.claim(token) is None for token in (*tokens, tokens[0])] == [False, False, True]


async def test_no_more_failures_are_kept_than_can_be_claimed():
    made = answering(401)
    async with made.client() as client:
        tokens = [(await client.post("http://them/mcp", json={})).json()["error"]["data"] for _ in range(20)]
    assert sum(made.claim(token) is not None for token in tokens) == wire.MOST_UNCLAIMED


async def test_a_body_is_cut_off_at_the_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "MOST_BYTES", 10)
    made = answering(200, b"x" * 11)
    async with made.client() as client:
        with pytest.raises(httpx2.StreamError):
            await client.post("http://them/mcp")
    assert made.passed_bound


async def test_an_endless_error_is_read_to_its_bound_only():
    async def endless() -> AsyncGenerator[bytes]:
        while True:
            yield b"x" * 1024

    assert isinstance(await failure_of(answering(404, endless())), UpstreamBroken)
