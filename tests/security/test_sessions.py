"""What one caller has with an upstream, and with the gateway, no other gets hold of (rows 4 and 5)."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.policy.keys import KeyStore
from tests.contract.pairs import CLIENTS, Era
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http, plain_http
from tests.upstreams.kit import raw_stdio
from tests.upstreams.messages import ACCEPT, initialize, legacy_call
from tests.upstreams.running import Running

each_client = pytest.mark.parametrize("era", CLIENTS)


class Shared(NamedTuple):
    """A gateway with an upstream that keeps sessions and one behind a pipe, and the keys of two callers."""

    url: str
    upstream: Running
    ada: dict[str, str]
    eve: dict[str, str]


@pytest.fixture
async def shared(tmp_path: Path, raw_legacy: Running) -> AsyncGenerator[Shared]:
    keys = KeyStore(tmp_path / "var")
    ada, eve = ({"Authorization": f"Bearer {keys.create(name, ['*'])[1]}"} for name in ("ada", "eve"))
    with raw_stdio(tmp_path, era="legacy") as pipe:
        async with over_http(tmp_path, configuration({"raw": raw_legacy, "pipe": pipe})) as (_, url):
            yield Shared(url, raw_legacy, ada, eve)


async def about(client: Any, upstream: str) -> dict[str, Any]:
    """What an upstream knows of a caller: the session and the process that it is served by."""
    known = (await client.call(f"{upstream}_whoami")).result["structuredContent"]
    return {"session": known["about"]["session"], "pid": known["pid"]}


@each_client
async def test_two_keys_never_share_an_upstreams_session(shared: Shared, era: Era) -> None:
    async with AsyncExitStack() as stack:
        ada = [await stack.enter_async_context(wire(shared.url, era, shared.ada)) for _ in range(2)]
        eve = [await stack.enter_async_context(wire(shared.url, era, shared.eve)) for _ in range(2)]
        of_ada = {(await about(client, "raw"))["session"] for client in ada for _ in range(3)}
        of_eve = {(await about(client, "raw"))["session"] for client in eve for _ in range(3)}
    assert of_ada
    assert of_eve
    assert not of_ada & of_eve
    assert len(of_ada) == (2 if era == "legacy" else 1), "per session for legacy clients, per user for modern ones"
    used: dict[str, set[str]] = {}
    for entry in shared.upstream.record():
        if entry["rpc"] == "tools/call":
            used.setdefault(entry["headers"]["mcp-session-id"], set()).add(entry["name"])
    assert used.keys() == of_ada | of_eve


@each_client
async def test_two_keys_never_share_a_process(shared: Shared, era: Era) -> None:
    async with wire(shared.url, era, shared.ada) as ada, wire(shared.url, era, shared.eve) as eve:
        first, second, third = await about(ada, "pipe"), await about(eve, "pipe"), await about(ada, "pipe")
    assert first["pid"] == third["pid"] != second["pid"]


async def test_a_session_is_nothing_in_another_callers_hands(shared: Shared) -> None:
    async with plain_http() as client:
        opened = await client.post(shared.url, json=initialize(), headers={**ACCEPT, **shared.ada})
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        call = legacy_call("raw_echo", text="hello")
        stolen = await client.post(shared.url, json=call, headers={**ACCEPT, **session, **shared.eve})
        ended = await client.delete(shared.url, headers={**session, **shared.eve})
        listened = await client.get(shared.url, headers={"accept": "text/event-stream", **session, **shared.eve})
        still = await client.post(shared.url, json=call, headers={**ACCEPT, **session, **shared.ada})
    assert [answer.status_code for answer in (stolen, ended, listened, still)] == [404, 404, 404, 200]
    assert "hello" not in stolen.text


async def test_a_session_id_that_a_client_chose_is_not_taken_up(shared: Shared) -> None:
    chosen = {"mcp-session-id": "chosen-by-eve"}
    async with plain_http() as client:
        opened = await client.post(shared.url, json=initialize(), headers={**ACCEPT, **chosen, **shared.eve})
        used = await client.post(
            shared.url, json=legacy_call("raw_echo", text="hello"), headers={**ACCEPT, **chosen, **shared.ada}
        )
    assert opened.headers.get("mcp-session-id") != "chosen-by-eve"
    assert used.status_code == 404
