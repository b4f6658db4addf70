"""Who is calling, what reaches them while their call runs, and what an upstream may ask of them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from fastmcp import Client, FastMCP
from fastmcp.client.elicitation import ElicitResult
from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.context import Context, reset_transport, set_transport
from mcp_types import CreateMessageResult, TextContent

from gateway.doors.main.caller import current_principal, era_of, incoming
from gateway.doors.midcall import LogLevels
from gateway.errors import Unauthenticated
from gateway.model.principal import LOOPBACK, STDIO
from gateway.upstream.listener import SILENT
from tests.doors.conftest import Watch
from tests.upstreams.kit import Command
from tests.upstreams.process import ROOT

LEGACY = 'era = "legacy"\n'


@pytest.fixture
def asking(tmp_path: Path) -> Command:
    """An upstream whose tools ask for everything that there is."""
    record = tmp_path / "asking.jsonl"
    return Command(sys.executable, ("-m", "tests.doors.asking_server"), {"PYTHONPATH": str(ROOT)}, record, record)


async def test_a_legacy_upstream_may_ask_what_its_client_declared(watch: Watch, asking: Command) -> None:
    actions: list[Literal["accept", "decline", "cancel"]] = ["accept", "decline", "cancel"]
    words = ["blue"]
    left = iter(actions)

    async def answered(message: str, kind: Any, params: Any, context: Any) -> ElicitResult[dict[str, str]]:
        action = next(left)
        return ElicitResult(action=action, content={"value": "blue"} if action == "accept" else None)

    async def sampled(messages: Any, params: Any, context: Any) -> CreateMessageResult:
        word = words.pop()  # the second time it fails: that must reach the upstream too
        return CreateMessageResult(role="assistant", content=TextContent(type="text", text=word), model="m")

    handlers: Any = {"elicitation_handler": answered, "sampling_handler": sampled, "roots": ["file:///folder"]}
    async with (
        watch(LEGACY, asking=asking) as watched,
        Client(watched.gateway, mode="legacy", **handlers) as client,
    ):
        assert (await client.call_tool("asking_roots")).data == "roots: ['file:///folder']"
        assert (await client.call_tool("asking_sample")).data == "the model said blue"
        assert (await client.call_tool("asking_sample", raise_on_error=False)).is_error
        for action in actions:
            assert (await client.call_tool("asking_elicit")).data == f"the user did {action}"


async def test_a_call_from_code_is_modern_and_loopbacks_and_nobody_listens() -> None:
    async with Context(fastmcp=FastMCP("gateway")) as context:
        assert era_of(context) == "modern"
        arrived = incoming(context, LogLevels())
    assert (arrived.principal, arrived.listener, arrived.meta) == (LOOPBACK, SILENT, {})
    assert arrived.caller.session is None


@contextmanager
def transported(transport: Any) -> Generator[None]:
    """What FastMCP sets while it serves over a transport."""
    token = set_transport(transport)
    try:
        yield
    finally:
        reset_transport(token)


class NobodysVerifier(TokenVerifier):
    async def verify_token(self, token: str) -> AccessToken | None:
        return None


@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
async def test_http_without_a_token_is_nobody_where_there_is_authentication(transport: Any) -> None:
    guarded, open_to_all = FastMCP("gateway", auth=NobodysVerifier()), FastMCP("gateway")
    with transported(transport):
        async with Context(fastmcp=open_to_all) as context:
            assert current_principal(context) == LOOPBACK
        async with Context(fastmcp=guarded) as context:
            with pytest.raises(Unauthenticated, match="Give a key"):
                current_principal(context)


async def test_stdio_is_the_owner_of_the_process_whatever_is_configured() -> None:
    with transported("stdio"):
        async with Context(fastmcp=FastMCP("gateway", auth=NobodysVerifier())) as context:
            assert current_principal(context) == STDIO
