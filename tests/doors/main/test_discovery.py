"""What the handshake says: the SDK's own, narrowed to what is there."""

import pytest
from fastmcp import Client

from tests.contract.pairs import CLIENTS
from tests.doors.conftest import Watch
from tests.upstreams.running import Running

each_client = pytest.mark.parametrize("mode", CLIENTS.values())


@each_client
async def test_without_an_upstream_nothing_is_named_that_only_an_upstream_has(watch: Watch, mode) -> None:
    async with watch() as watched, Client(watched.gateway, mode=mode) as client:
        found = client.server_capabilities
    assert found is not None
    assert found.resources is not None
    assert found.prompts is not None
    assert (found.completions, found.resources.subscribe, found.extensions) == (None, None, None)
    assert found.prompts.list_changed


@each_client
async def test_what_code_adds_to_the_gateway_is_named(watch: Watch, mode) -> None:
    async with watch("enabled = false") as watched:  # the service: nobody has a prompt
        async with Client(watched.gateway, mode=mode) as client:
            before = client.server_capabilities

        @watched.gateway.prompt
        def late() -> str:
            return "late"

        async with Client(watched.gateway, mode=mode) as client:
            after = client.server_capabilities
    assert before is not None
    assert after is not None
    assert (before.prompts, before.tools, before.logging) == (None, None, None)
    assert after.prompts is not None


@each_client
async def test_with_an_upstream_what_it_has_is_named(watch: Watch, raw_modern: Running, mode) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        found = client.server_capabilities
    assert found is not None
    assert found.resources is not None
    assert (found.completions is not None, found.resources.subscribe) == (True, True)
