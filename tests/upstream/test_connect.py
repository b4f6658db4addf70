"""How an upstream is spoken to is found once, remembered, and found again when told to."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamBroken, UpstreamDown, UpstreamError, UpstreamRefused
from gateway.upstream import restarts
from gateway.upstream.connect import Connector, Speech
from gateway.upstream.http_wire import UpstreamHttpError
from gateway.upstream.listener import SILENT
from tests.upstream.fronts import ALL, NAMESPACE, Kind, config_for, named, text_of
from tests.upstream.peer import ASKED, CLOSE, LEFT, answer, peer, until
from tests.upstreams.kit import Command, Running, raw_stdio

JSON = "Content-Type: application/json"
MakeConnector = Callable[..., Connector]


@pytest.fixture
async def connector() -> AsyncGenerator[MakeConnector]:
    """Makes connectors, and closes them."""
    made: list[Connector] = []

    def make(target: Running | Command | str, known: Speech | None = None, **more: Any) -> Connector:
        config = UpstreamConfig(url=target, **more) if isinstance(target, str) else config_for(target, **more)
        made.append(Connector(NAMESPACE, config, known))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def asked(upstream: Running | Command) -> list[str]:
    """JSON-RPC methods, or the HTTP method where there was none."""
    return [each["rpc"] or each.get("http", "") for each in upstream.record()]


async def echo(made: Connector) -> str:
    """One call over a session of its own."""
    session = await made.open({})
    try:
        return text_of(await session.request("tools/call", {"name": "echo", "arguments": {"text": "a"}}, SILENT, {}))
    finally:
        await session.close()


@pytest.mark.parametrize("kind", ALL, ids=named)
async def test_found_once_and_then_remembered(kind: Kind, request, connector):
    upstream = request.getfixturevalue(kind.fixture)
    made = connector(upstream)
    assert await echo(made) == "a"
    assert made.speech == (kind.transport, kind.era)
    assert repr(made) == f"<Connector raw {kind.transport} {kind.era}>"
    before = asked(upstream)
    assert "server/discover" in before
    upstream.reset()
    assert await echo(made) == "a"
    again = asked(upstream)
    assert ("server/discover" in again) == (
        kind.fixture in ("modern_command", "both_command")
    )  # a process tells of itself
    assert len(again) <= len(before)


@pytest.mark.parametrize("kind", ALL, ids=named)
async def test_what_an_earlier_run_found_is_believed(kind: Kind, request, connector):
    upstream = request.getfixturevalue(kind.fixture)
    made = connector(upstream, Speech(kind.transport, kind.era))
    assert await echo(made) == "a"
    assert ("server/discover" in asked(upstream)) == (kind.transport == "stdio" and kind.era == "modern")


@pytest.mark.parametrize(
    ("fixture", "config", "speech"),
    [
        ("raw_both", {"era": "legacy"}, ("http", "legacy")),
        ("raw_both", {"era": "modern"}, ("http", "modern")),
        ("raw_sse_upstream", {"transport": "sse"}, ("sse", "legacy")),
        ("raw_sse_upstream", {"era": "legacy"}, ("sse", "legacy")),
        ("both_command", {"era": "legacy"}, ("stdio", "legacy")),
        ("both_command", {"era": "modern"}, ("stdio", "modern")),
    ],
)
async def test_what_is_configured_is_not_asked_for(fixture, config, speech, request, connector):
    upstream = request.getfixturevalue(fixture)
    made = connector(upstream, **config)
    assert await echo(made) == "a"
    assert made.speech == speech
    assert ("server/discover" in asked(upstream)) == (speech == ("stdio", "modern"))


async def test_what_no_longer_holds_is_found_anew(raw_legacy, connector):
    made = connector(raw_legacy, Speech("http", "modern"))
    with pytest.raises(UpstreamBroken):
        await echo(made)
    made.forget()
    assert made.speech is None
    assert repr(made) == "<Connector raw unknown>"
    assert await echo(made) == "a"
    assert made.speech == ("http", "legacy")


@pytest.mark.parametrize("fixture", ["raw_modern", "modern_command"])
async def test_a_modern_upstream_that_is_configured_as_legacy(fixture, request, connector):
    with pytest.raises(UpstreamBroken) as failure:
        await connector(request.getfixturevalue(fixture), era="legacy").open({})
    assert failure.value.reason.startswith("refused to open a session (error -326")


async def test_a_legacy_upstream_that_is_configured_as_modern(legacy_era_command, connector):
    session = await connector(legacy_era_command, era="modern").open({})
    assert session.era == "legacy"  # over stdio its own word is heard all the same
    await session.close()


async def test_the_transport_that_is_configured_is_the_only_one_tried(raw_sse_upstream, connector):
    with pytest.raises(UpstreamHttpError) as failure:
        await connector(raw_sse_upstream, transport="http").open({})
    assert failure.value.status == 405
    assert asked(raw_sse_upstream) == ["server/discover", "initialize"]


async def test_capabilities_are_declared_at_the_handshake(raw_legacy, connector):
    session = await connector(raw_legacy).open({"sampling": {}})
    hello = next(each for each in raw_legacy.record() if each["rpc"] == "initialize")
    assert hello["body"]["params"]["capabilities"] == {"sampling": {}}
    await session.close()


# what goes wrong


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("html", UpstreamBroken, "answered text/html, not JSON. "),
        ("garbage", UpstreamBroken, "answered something that is not JSON. "),
        ("server_error", UpstreamHttpError, "answered HTTP 500. "),
        ("unavailable", UpstreamHttpError, "answered HTTP 503. "),
        ("unauthorized", UpstreamRefused, "refused our credential (HTTP 401). "),
        ("forbidden", UpstreamRefused, "refused our credential (HTTP 403). "),
        ("wrong_id", UpstreamBroken, "answered another request than ours. "),
        (
            "close_before",
            UpstreamDown,
            "lost the connection: it was closed before the answer was whole. Nothing was sent.",
        ),
        ("cut", UpstreamDown, "lost the connection: it was closed before the answer was whole. Nothing was sent."),
    ],
)
async def test_each_fault_has_a_name(raw_both, connector, fault, kind, said):
    raw_both.control(fault=fault)
    with pytest.raises(UpstreamError) as failure:
        await connector(raw_both).open({})
    assert type(failure.value) is kind
    assert failure.value.reason.startswith(said)


@pytest.mark.parametrize("fault", ["hang", "pings"])
async def test_silence_is_down_after_the_time_to_connect(raw_both, connector, fault):
    raw_both.control(fault=fault)
    began = time.monotonic()
    with pytest.raises(UpstreamDown) as failure:
        await connector(raw_both, connect_timeout=0.3).open({})
    assert time.monotonic() - began < 1.5
    assert failure.value.reason == "did not answer within 0.3 s of connecting. Is it running?"


async def test_silence_over_stdio(tmp_path, connector):
    with raw_stdio(tmp_path, silent=True) as command:
        made = connector(command, connect_timeout=1.5)
        with pytest.raises(UpstreamDown, match=r"did not answer within 1.5 s of connecting"):
            await made.open({})
        await made.close()
        assert command.alive() == []


async def test_a_process_that_ends_at_a_question_it_does_not_know(tmp_path, connector):
    with raw_stdio(tmp_path, era="legacy", crash_on="server/discover") as command:
        made = connector(command)
        assert await echo(made) == "a"
        assert len(command.pids()) == 2
        assert await echo(made) == "a"
        assert len(command.pids()) == 3


async def test_a_process_that_ends_at_once_is_named_with_its_last_words():
    made = Connector(NAMESPACE, UpstreamConfig(command="sh", args=("-c", "echo 'no licence' >&2; exit 4")))
    with pytest.raises(UpstreamDown) as failure:
        await made.open({})
    assert failure.value.message == "Upstream 'raw' went away (exit status 4); it said: no licence. Nothing was sent."
    await made.close()


async def test_a_process_that_says_why_it_waits_is_quoted(connector):
    made = connector(
        Command("sh", ("-c", "echo 'enter a code' >&2; sleep 60"), {}, Path(), Path()), connect_timeout=0.5
    )
    with pytest.raises(UpstreamDown) as failure:
        await made.open({})
    assert failure.value.reason == "did not answer within 0.5 s of connecting; it said: enter a code. Is it running?"


async def test_one_that_ends_again_and_again_is_left_alone_for_a_while(monkeypatch, connector):
    monkeypatch.setattr(restarts, "BACKOFF_SECONDS", (0.01,))
    made = connector(Command("sh", ("-c", "echo 'no licence' >&2; exit 4"), {}, Path(), Path()))
    for _ in range(5):
        with pytest.raises(UpstreamDown, match=r"went away \(exit status 4\)"):
            await made.open({})
    with pytest.raises(UpstreamDown) as failure:
        await made.open({})
    assert failure.value.reason.startswith(
        "ended by itself 5 times in a row. The last time it went away (exit status 4); it said: no licence. "
        "It may be started again at 20"
    )
    assert failure.value.reason.endswith("+00:00. Nothing was sent.")


async def test_a_start_waits_for_a_program_that_has_just_ended(monkeypatch, modern_command, connector):
    monkeypatch.setattr(restarts, "BACKOFF_SECONDS", (0.3,))
    made = connector(modern_command)
    session = await made.open({})
    began = time.monotonic()
    psutil.Process(modern_command.alive()[0]).kill()
    await until(lambda: session.closed and made._restarts.in_a_row == 1)
    assert await echo(made) == "a"
    assert time.monotonic() - began > 0.2
    await session.close()


async def test_one_that_we_closed_has_not_ended_by_itself(modern_command, connector):
    made = connector(modern_command)
    assert await echo(made) == "a"
    assert repr(made._restarts) == "<Restarts in_a_row=0 rests=0>"


async def test_a_handshake_that_is_cancelled_leaves_no_process(tmp_path, connector):
    with raw_stdio(tmp_path, silent=True) as command:
        made = connector(command)
        opening = asyncio.create_task(made.open({}))
        await command.wait_for("request", "server/discover", deadline=10)
        opening.cancel()
        await asyncio.wait([opening])
        await made.close()
        assert command.pids() != []
        assert command.alive() == []


async def test_a_handshake_that_fails_halfway_ends_the_session_it_got(connector):
    hello = {"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "2025-11-25", "capabilities": {}}}
    script = [ASKED, answer(orjson.dumps(hello), JSON, "Mcp-Session-Id: s1"), ASKED, answer(b"no", status="500 No")]
    async with peer([*script, ASKED, answer(b"", status="204 No Content"), LEFT]) as other:
        made = connector(other.url, Speech("http", "legacy"))
        with pytest.raises(UpstreamHttpError):
            await made.open({})
        await made.close()
    assert other.asked[2].line == "DELETE /mcp HTTP/1.1"
    assert other.asked[2].header("Mcp-Session-Id") == "s1"


async def test_a_session_that_is_forgotten_at_once(connector):
    hello = {"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "2025-11-25", "capabilities": {}}}
    script = [
        ASKED,
        answer(orjson.dumps(hello), JSON, "Mcp-Session-Id: s1"),
        ASKED,
        answer(b"", status="404 Not Found"),
    ]
    async with peer([*script, ASKED, answer(b"", status="404 Not Found")]) as other:
        made = connector(other.url, Speech("http", "legacy"))
        with pytest.raises(UpstreamBroken) as failure:
            await made.open({})
        await made.close()
    assert failure.value.reason == "ended a session while it was being opened. See its own log."


async def test_a_lost_handshake_makes_it_ask_again_next_time(connector):
    """A new version of an upstream may end where the old one answered."""
    async with peer([ASKED, CLOSE]) as other:
        made = connector(other.url, Speech("http", "legacy"))
        with pytest.raises(UpstreamDown):
            await made.open({})
    assert made.speech is None


async def test_nobody_is_there(connector):
    async with peer() as other:
        pass
    with pytest.raises(UpstreamDown) as failure:
        await connector(other.url).open({})
    assert failure.value.reason == "cannot be reached (Connection refused). Nothing was sent."


async def test_closing_drops_what_sessions_shared(raw_modern, connector):
    made = connector(raw_modern)
    await echo(made)
    port = raw_modern.record()[-1]["connection"]
    await made.close()
    await until(lambda: port not in {each.laddr.port for each in psutil.Process().net_connections()})
