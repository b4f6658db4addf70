"""`gateway up` as people run it: a process that serves until a signal ends it."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from fastmcp import Client

from gateway.cli import run
from tests.cli.running import GATEWAY, PATIENCE, Process, Up, clean_environment, up
from tests.gateways.kit import configuration, over_stdio, written
from tests.upstreams.kit import Command, Running, raw_stdio
from tests.upstreams.messages import ACCEPT, LEGACY, initialize, legacy_call, messages_in, modern_call, modern_request

SIGNALS = [signal.SIGINT, signal.SIGTERM]
IN_BACKGROUND = ("sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh")  # what a shell without job control does for `&`
NAMES = {"data_process", "data_profile", "data_query", "external_fetch", "database_query", "database_schema"}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    """A gateway without a configuration file."""
    with up(tmp_path_factory.mktemp("bare")) as process:
        yield process


def test_it_says_where_it_is_what_it_serves_and_how_to_connect(bare: Up):
    assert f"    {bare.url}" in bare.lines
    for line in ("  service   data           5 tools", "  service   database       4 tools"):
        assert line in bare.lines
    assert "  open to   this machine only, no key needed" in bare.lines
    assert f"claude mcp add --transport http gateway {bare.url}" in bare.said
    assert json.dumps({"mcpServers": {"gateway": {"url": bare.url}}}) in bare.said
    assert bare.stdout == ""


def test_it_says_so_only_once_it_answers(bare: Up):
    started = next(at for at, line in enumerate(bare.lines) if "Application startup complete" in line)
    assert started < bare.lines.index(f"    {bare.url}")


def test_probes_are_answered(bare: Up):
    assert httpx.get(f"{bare.origin}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{bare.origin}/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "reasons": [], "upstreams": {}}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_clients_of_both_eras_list_and_call(bare: Up, mode: str):
    async with Client(bare.url, mode=mode) as client:
        assert {tool.name for tool in await client.list_tools()} >= NAMES
        result = await client.call_tool("data_process", {"text": "hello", "operation": "uppercase"})
        assert result.structured_content == {"operation": "uppercase", "result": "HELLO"}
        (status,) = await client.read_resource("status://system")
    assert json.loads(status.text)["calls"]["finished"] >= 1


def test_a_service_alone_open_to_everybody(tmp_path: Path, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}, "[services.external]"))
    with up(tmp_path, "external", GATEWAY__SERVER__INSECURE_ALLOW_UNAUTHENTICATED="true") as process:
        assert "serving 1 tool at" in process.said
        assert "upstream  raw" not in process.said
        assert "  open to   everybody who reaches it, no key needed" in process.lines
    assert raw_modern.record() == []


def stubborn(command: Command) -> Command:
    """The same upstream, in a shell that outlives it and does not heed SIGTERM."""
    script = 'trap "" TERM; "$0" "$@"; sleep 600'
    args = ("-c", script, command.command, *command.args)
    return replace(command, command="sh", args=args)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_well_and_leaves_no_process(tmp_path: Path, number: signal.Signals):
    with raw_stdio(tmp_path) as polite, raw_stdio(tmp_path, name="stubborn") as other:
        written(tmp_path, configuration({"polite": polite, "stubborn": stubborn(other)}))
        with up(tmp_path) as process:
            for _ in range(2):
                process.wait_for("is up")
            children = process.children()
            assert len(children) >= 3  # two upstreams and the shell before one of them
            assert process.stop(number) == 0
            assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
        assert "Traceback" not in process.said


Sent = tuple[dict[str, Any], dict[str, str]]


async def legacy_session(client: httpx.AsyncClient, url: str) -> dict[str, str]:
    """The headers of a new session."""
    hello = await client.post(url, json=initialize(), headers=ACCEPT)
    return ACCEPT | {"mcp-session-id": hello.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}


async def slow_call(client: httpx.AsyncClient, url: str, era: str) -> Sent:
    """A call that takes longer than FastMCP's own grace of two seconds."""
    if era == "modern":
        return modern_call("raw_slow", seconds=2.5)
    return legacy_call("raw_slow", seconds=2.5), await legacy_session(client, url)


async def listening(client: httpx.AsyncClient, url: str, era: str) -> httpx.Request:
    """What a client that wants to hear of changes keeps open."""
    if era == "modern":
        body, headers = modern_request("subscriptions/listen", notifications={"toolsListChanged": True})
        return client.build_request("POST", url, json=body, headers=headers)
    return client.build_request("GET", url, headers=await legacy_session(client, url))


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_a_signal_lets_a_running_call_finish(tmp_path: Path, raw_modern: Running, era: str):
    written(tmp_path, configuration({"raw": raw_modern}))
    with up(tmp_path) as process:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            body, headers = await slow_call(client, process.url, era)
            call = asyncio.create_task(client.post(process.url, json=body, headers=headers))
            await raw_modern.wait_for("started", "slow", deadline=PATIENCE)
            process.send(signal.SIGTERM)
            answer = await call
        assert await asyncio.to_thread(process.ended) == 0
    *_, message = messages_in(answer.headers["content-type"], answer.text)
    assert message["result"]["content"] == [{"type": "text", "text": "2.5 seconds later"}]


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_a_signal_does_not_wait_for_who_only_listens(tmp_path: Path, era: str):
    (tmp_path / "gateway.toml").write_text("[services]\n[server]\ngrace = 600\n")
    with up(tmp_path) as process:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            stream = await client.send(await listening(client, process.url, era), stream=True)
            assert stream.status_code == 200
            assert await asyncio.to_thread(process.stop, signal.SIGINT) == 0
            await stream.aclose()
    assert "Traceback" not in process.said


@pytest.mark.parametrize("starter", [(), IN_BACKGROUND], ids=["as it is", "in the background"])
@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_ends_it_while_it_starts(
    tmp_path: Path, raw_modern: Running, number: signal.Signals, starter: tuple[str, ...]
):
    raw_modern.control(fault="hang")
    written(tmp_path, configuration({"raw": raw_modern}))
    with Process((*starter, *GATEWAY, "up", "--port", "0"), tmp_path, clean_environment()) as process:
        await raw_modern.wait_for("request", deadline=PATIENCE)
        assert await asyncio.to_thread(process.stop, number) == 0
    assert "Traceback" not in process.said


async def test_stdio_is_spoken_to_clients(tmp_path: Path, raw_modern: Running):
    transport = over_stdio(tmp_path, configuration({"raw": raw_modern}))
    async with Client(transport) as client:
        assert "raw_echo" in {tool.name for tool in await client.list_tools()}
        result = await client.call_tool("own_shout", {"text": "hello"})
    assert result.data == "HELLO"


@pytest.mark.parametrize("number", [*SIGNALS, None])
def test_stdio_has_the_protocol_on_stdout_alone_and_ends_well(tmp_path: Path, number: signal.Signals | None):
    written(tmp_path, configuration({}))
    with subprocess.Popen(
        (*GATEWAY, "up", "--stdio"),
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(initialize())}\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        if number is None:
            process.stdin.close()
            process.stdin = None
        else:
            process.send_signal(number)
        rest, said = process.communicate(timeout=PATIENCE)
    assert answer["result"]["serverInfo"]["name"] == "gateway"
    assert rest == ""
    assert process.returncode == 0
    assert '"event": "catalog changed"' in said
    assert "Traceback" not in said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    return tmp_path


def refused(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit status of `gateway up` with these words, and what it said: little, and no traceback."""
    status = run(["up", *words])
    out, said = capfd.readouterr()
    assert out == ""
    assert len(said.splitlines()) <= 5
    assert "Traceback" not in said
    return status, said


def test_a_port_in_use(folder: Path, capfd: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said = refused(capfd, "--port", str(port))
    assert status == 1
    assert f"Port {port} on 127.0.0.1 is in use" in said
    assert "--port 0" in said


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        (["--host", "300.1.2.3"], 1, ["'300.1.2.3' is no address of this machine", "--host"]),
        (["--host", "192.0.2.1"], 1, ["'192.0.2.1' is no address of this machine", "--host"]),
        (["--host", "0.0.0.0", "--port", "0"], 1, ["no authentication", "gateway keys create"]),
        (["--port", "65536"], 2, ["--port", "65535"]),
        (["--port", "http"], 2, ["--port"]),
        (["nosuch"], 1, ["services.nosuch", "data, external, database"]),
        (["--config", "nosuch.toml"], 1, ["nosuch.toml: is not there", "--config"]),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_cure(
    folder: Path, capfd: pytest.CaptureFixture[str], words: list[str], status: int, parts: list[Any]
):
    found, said = refused(capfd, *words)
    assert found == status
    for part in parts:
        assert part in said


def test_every_fault_of_a_configuration_is_told_at_once(folder: Path, capfd: pytest.CaptureFixture[str]):
    text = '[server]\nprot = 1\n[upstreams.a]\nurl = "nothing"\n[upstreams.b]\nurl = "${env:UNSET_ONE}"\n'
    written(folder, text)
    assert run(["up"]) == 1
    said = capfd.readouterr().err
    for part in ("3 faults", "server.prot", "did you mean port?", "upstreams.a.url", "UNSET_ONE"):
        assert part in said
