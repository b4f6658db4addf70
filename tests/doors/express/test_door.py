"""What the express door takes, and what it hands on untouched."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from gateway.server import Gateway
from tests.contract.wire import Wire, wire
from tests.doors.both import Taken
from tests.gateways.kit import configuration, over_http, plain_http
from tests.upstreams.kit import Running
from tests.upstreams.messages import modern_meta, modern_request


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken = Taken()
    taken.wrap(monkeypatch)
    return taken


@pytest.fixture
async def gateway(
    tmp_path: Path, raw_modern: Running, raw_legacy: Running, handed_on: Taken
) -> AsyncGenerator[tuple[Gateway, str]]:
    text = configuration({"modern": raw_modern, "legacy": raw_legacy})
    async with over_http(tmp_path, text) as served:
        handed_on.bodies.clear()
        yield served


@pytest.fixture
async def client(gateway: tuple[Gateway, str]) -> AsyncGenerator[Wire]:
    async with wire(gateway[1], "modern") as client:
        yield client


@pytest.mark.parametrize("namespace", ["modern", "legacy"])
async def test_calls_reads_and_prompts_of_upstreams_over_http_are_taken(
    client: Wire, namespace: str, handed_on: Taken
) -> None:
    called = await client.call(f"{namespace}_echo", text="hello")
    read = await client.ask("resources/read", uri=f"text://{namespace}/raw/notes")
    prompt = await client.ask("prompts/get", name=f"{namespace}_greet", arguments={"name": "Ada"})
    assert called.result["content"][0]["text"] == "hello"
    assert called.result["resultType"] == "complete"
    assert called.result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "gateway"
    assert read.result["contents"][0]["uri"] == f"text://{namespace}/raw/notes"
    assert prompt.result["messages"]
    assert handed_on.bodies == []


async def test_what_it_does_not_know_is_handed_on_with_its_body(client: Wire, handed_on: Taken) -> None:
    assert (await client.call("own_shout_twice", text="hello")).status == 200
    assert (await client.call("modern_unheard")).error["code"] == -32602
    body, headers = modern_request("tools/call", 1, name="modern_echo", arguments=5, _meta=modern_meta())
    assert (await client.post(body, headers)).error["code"] == -32602
    assert len(handed_on.bodies) == 3
    assert all(b'"tools/call"' in each for each in handed_on.bodies)


async def test_a_body_that_is_too_large_is_handed_on_whole(gateway: tuple[Gateway, str], handed_on: Taken) -> None:
    body, headers = modern_request("tools/call", 1, name="modern_echo", arguments={"text": "x" * 5_000_000}, _meta={})
    async with plain_http() as http:
        answer = await http.post(gateway[1], json=body, headers=headers)
    assert answer.status_code == 413


async def test_it_can_be_switched_off(tmp_path: Path, raw_modern: Running, handed_on: Taken) -> None:
    text = configuration({"modern": raw_modern}, "[server]\nexpress = false")
    async with over_http(tmp_path, text) as (_, url), wire(url, "modern") as client:
        assert (await client.call("modern_echo", text="hello")).result["content"][0]["text"] == "hello"
    assert handed_on.bodies == []  # there was no express door to count them
