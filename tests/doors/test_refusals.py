"""What gets 403 before the main door, and what is handed on; who is refused what is shown in `tests/contract`."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from gateway.policy.keys import KeyStore
from gateway.server import Gateway
from tests.contract.wire import Wire, wire
from tests.gateways.kit import configuration, over_http
from tests.upstreams.messages import ACCEPT


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[tuple[Gateway, Wire]]:
    """A gateway, and a legacy client that may greet and nothing else."""
    _, key = KeyStore(tmp_path / "var").create("greeter", ["own_greet"])
    async with over_http(tmp_path, configuration({})) as (gateway, url):
        headers = {"Authorization": f"Bearer {key}"}
        async with wire(url, "legacy", headers) as client:
            yield gateway, client


async def test_a_refused_call_is_recorded_once(served: tuple[Gateway, Wire]) -> None:
    gateway, client = served
    before = gateway.runtime.guard.finished
    assert (await client.call("own_shout", text="hello")).status == 403
    assert gateway.runtime.guard.finished == before + 1


async def test_what_may_be_called_is_recorded_once_too(served: tuple[Gateway, Wire]) -> None:
    gateway, client = served
    before = gateway.runtime.guard.finished
    assert (await client.ask("prompts/get", name="own_greet", arguments={"name": "Ada"})).status == 200
    assert gateway.runtime.guard.finished == before + 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"jsonrpc": "2.0", "id": 1, "method": ["tools/call"]},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 5}},
        {"jsonrpc": "2.0", "id": None, "method": "tools/call", "params": {"name": "own_shout"}},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "own_shout"}},
    ],
    ids=["a list", "an odd method", "no params", "no name", "an odd id", "a notification"],
)
async def test_what_is_no_call_is_left_to_the_main_door(served: tuple[Gateway, Wire], body: Any) -> None:
    gateway, client = served
    before = gateway.runtime.guard.finished
    assert (await client.post(body, ACCEPT)).status in (202, 400)
    assert gateway.runtime.guard.finished == before
