"""A call that its caller has no scope for, at either door and in either era."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from gateway.policy.keys import KeyStore
from tests.contract.pairs import CLIENTS
from tests.contract.wire import Wire, wire
from tests.gateways.kit import configuration, over_http
from tests.upstreams.running import Running

requirement = pytest.mark.requirement


@pytest.fixture(params=["express", "main"])
async def key(request: pytest.FixtureRequest, tmp_path: Path, raw_modern: Running) -> AsyncGenerator[tuple[str, str]]:
    """The URL of a gateway whose named door answers, and a key that opens what is the upstream's to read."""
    _, key = KeyStore(tmp_path / "var").create("reader", ["raw:read"])
    more = f"[server]\nexpress = {str(request.param == 'express').lower()}"
    async with over_http(tmp_path, configuration({"raw": raw_modern}, more)) as (_, url):
        yield url, key


@pytest.fixture(params=CLIENTS)
async def reader(request: pytest.FixtureRequest, key: tuple[str, str]) -> AsyncGenerator[Wire]:
    url, secret = key
    async with wire(url, request.param, {"Authorization": f"Bearer {secret}"}) as client:
        yield client


@requirement("authorization.scope")
async def test_a_call_without_its_scope_gets_403_and_the_scope_to_ask_for(reader: Wire, raw_modern: Running) -> None:
    for answer, scope, all_that_would_do in (
        (await reader.call("raw_slow", seconds=0), "raw:write", ["raw_slow", "raw:write", "raw:*", "*:write", "*"]),
        (await reader.call("own_shout", text="a"), "own:read", ["own_shout", "own:read", "own:*", "*:read", "*"]),
        (await reader.ask("resources/read", uri="text://own/notes"), "own:read", ["own:read", "own:*", "*:read", "*"]),
        (
            await reader.ask("prompts/get", name="own_greet", arguments={"name": "Ada"}),
            "own:read",
            ["own_greet", "own:read", "own:*", "*:read", "*"],
        ),
    ):
        assert answer.status == 403
        assert answer.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
        assert answer.error["code"] == 40300
        assert answer.error["data"] == {"kind": "forbidden", "required_scopes": all_that_would_do}
        assert answer.final["id"] is not None
    assert "slow" not in {entry.get("name") for entry in raw_modern.record()}


@requirement("authorization.scope")
async def test_whatever_else_it_asks_is_answered_as_ever(reader: Wire) -> None:
    assert (await reader.call("raw_echo", text="hello")).result["content"][0]["text"] == "hello"
    for method in ("tools/list", "resources/list", "prompts/list"):
        assert (await reader.ask(method)).status == 200
    unknown = await reader.call("own_unheard")
    assert (unknown.error["code"], unknown.headers.get("www-authenticate")) == (-32602, None)
