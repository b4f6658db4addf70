"""The raw upstream over stdio, and what a process can do that a URL can't."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.upstreams.kit import Command, raw_stdio
from tests.upstreams.messages import initialize, legacy_call, legacy_request, modern_call, modern_request

DEADLINE = 5.0


class Pipes:
    """A client of one process: what it is sent and what it says."""

    def __init__(self, process: asyncio.subprocess.Process):
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._stdin, self._stdout = process.stdin, process.stdout

    def send(self, message: dict[str, Any]) -> None:
        self._stdin.write(json.dumps(message).encode() + b"\n")

    async def line(self) -> bytes:
        return await asyncio.wait_for(self._stdout.readline(), DEADLINE)

    async def message(self) -> dict[str, Any]:
        return json.loads(await self.line())

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self.send(message)
        return await self.message()

    async def exit_status(self) -> int:
        """Its status; closes stdin, at which a healthy one ends."""
        self._stdin.close()
        return await asyncio.wait_for(self.process.wait(), DEADLINE)


@contextlib.asynccontextmanager
async def started(command: Command) -> AsyncGenerator[Pipes]:
    process = await asyncio.create_subprocess_exec(
        command.command,
        *command.args,
        env={**os.environ, **command.env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    pipes = Pipes(process)
    try:
        yield pipes
    finally:
        await pipes.exit_status()


async def test_both_eras_share_the_pipes(tmp_path: Path) -> None:
    command = raw_stdio(tmp_path)
    async with started(command) as pipes:
        modern = await pipes.ask(modern_call("echo", text="modern")[0])
        await pipes.ask(initialize())
        legacy = await pipes.ask(legacy_call("echo", text="legacy"))
    assert modern["result"]["resultType"] == "complete"
    assert "resultType" not in legacy["result"]
    assert [entry["rpc"] for entry in command.record()] == ["tools/call", "initialize", "tools/call"]
    assert [entry["event"] for entry in command.events()][::8] == ["spawned", "exited"]


@pytest.mark.parametrize(
    ("era", "request_", "code"),
    [
        ("legacy", modern_request("server/discover")[0], -32600),
        ("modern", initialize(), -32602),
        ("modern", modern_request("tools/eat")[0], -32601),
        ("both", legacy_request("tools/list"), -32600),
    ],
)
async def test_what_the_era_does_not_know_is_refused(
    era: Any, request_: dict[str, Any], code: int, tmp_path: Path
) -> None:
    async with started(raw_stdio(tmp_path, era=era)) as pipes:
        assert (await pipes.ask(request_))["error"]["code"] == code


@pytest.mark.parametrize("call", [modern_call("slow", 9, seconds=60)[0], legacy_call("slow", 9, seconds=60)])
async def test_a_notification_cancels(call: dict[str, Any], tmp_path: Path) -> None:
    command = raw_stdio(tmp_path)
    async with started(command) as pipes:
        await pipes.ask(initialize())
        pipes.send(call)
        await command.wait_for("started", "slow")
        pipes.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}})
        (cancelled,) = await command.wait_for("cancelled", "slow")
        assert cancelled["by"] == "notification"
        assert (await pipes.ask(legacy_request("ping", "next")))["id"] == "next"


async def test_changes_are_told_on_the_same_pipe(tmp_path: Path) -> None:
    command = raw_stdio(tmp_path)
    listen = modern_request("subscriptions/listen", 5, notifications={"toolsListChanged": True})[0]
    async with started(command) as pipes:
        acknowledged = await pipes.ask(listen)
        command.control(tools=3)
        told = [await pipes.message(), await pipes.message()]
        pipes.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}})
        await command.wait_for("cancelled", "subscriptions/listen")
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert [each["method"] for each in told] == ["notifications/tools/list_changed"] * 2
    assert sorted(str(each.get("params")) for each in told) == [
        "None",
        "{'_meta': {'io.modelcontextprotocol/subscriptionId': 5}}",
    ]


@pytest.mark.parametrize("crash_on", ["echo", "tools/call"])
async def test_it_crashes_where_it_is_told(crash_on: str, tmp_path: Path) -> None:
    command = raw_stdio(tmp_path, crash_on=crash_on)
    async with started(command) as pipes:
        pipes.send(modern_call("echo", text="hi")[0])
        assert await pipes.exit_status() == 70
    assert (command.pids(), command.alive()) == ([pipes.process.pid], [])


async def test_noise_stands_before_each_message(tmp_path: Path) -> None:
    async with started(raw_stdio(tmp_path, noise_on_stdout=True)) as pipes:
        pipes.send(modern_call("echo", text="hi")[0])
        assert b"not a message" in await pipes.line()
        assert (await pipes.message())["result"]["content"][0]["text"] == "hi"


async def test_a_silent_one_reads_and_says_nothing(tmp_path: Path) -> None:
    command = raw_stdio(tmp_path, silent=True)
    async with started(command) as pipes:
        pipes.send(modern_call("echo", text="hi")[0])
        await command.wait_for("request", "echo")
        assert command.alive() == command.pids() == [pipes.process.pid]
        assert await pipes.exit_status() == 0
        assert await pipes.line() == b""


async def test_a_flood_blocks_who_does_not_read_stderr(tmp_path: Path) -> None:
    command = raw_stdio(tmp_path, flood_stderr=True)
    async with started(command) as pipes:  # which throws stderr away, and so does read it
        assert (await pipes.ask(modern_call("echo", text="hi")[0]))["result"]["content"][0]["text"] == "hi"


Check = Callable[[bytes], bool]


@pytest.mark.parametrize(
    ("fault", "looks_right"),
    [
        ("garbage", lambda line: line.startswith(b'{"jsonrpc"') and not line.endswith(b"}\n")),
        ("html", lambda line: line.startswith(b"<!doctype html>")),
        ("empty", lambda line: line == b"\n"),
        ("wrong_id", lambda line: json.loads(line)["id"] == "an-id-that-nobody-sent"),
        ("huge", lambda line: len(line) > 50_000),
        ("drip", lambda line: json.loads(line)["id"] == 1),
    ],
)
async def test_a_fault_spoils_the_line(fault: str, looks_right: Check, tmp_path: Path) -> None:
    command = raw_stdio(tmp_path)
    command.control(fault=fault, on="tools/call", size=50_000, interval=0.0001)
    async with started(command) as pipes:
        pipes.send(modern_call("echo", text="hi")[0])
        assert looks_right(await pipes.line())
        command.control()
        assert (await pipes.ask(modern_call("echo", 2, text="well")[0]))["id"] == 2


@pytest.mark.parametrize(("fault", "ran", "said"), [("close_before", 0, 0), ("close_after", 1, 0), ("cut", 1, 1)])
async def test_a_fault_ends_the_process(fault: str, ran: int, said: int, tmp_path: Path) -> None:
    command = raw_stdio(tmp_path)
    command.control(fault=fault)
    async with started(command) as pipes:
        pipes.send(modern_call("echo", text="hi")[0])
        line = await pipes.line()
        assert await pipes.exit_status() == 70
    assert [entry["event"] for entry in command.events()].count("finished") == ran
    assert bool(line) == bool(said)
    assert not line.endswith(b"\n")
