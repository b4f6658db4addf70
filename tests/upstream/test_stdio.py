"""A child process as an upstream: what it is given, what it says, and that nothing of it stays behind."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamDown, UpstreamError, UpstreamLost, UpstreamTooLarge
from gateway.upstream import stderr, stdio
from gateway.upstream.lines import EDGE, Overlong
from gateway.upstream.stdio import ProcessChannel
from tests.upstream.fronts import NAMESPACE

Start = Callable[..., Awaitable[ProcessChannel]]

ECHO = "import sys\nfor line in sys.stdin: print(line.strip()[::-1], flush=True)"
SAY_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)), os.getcwd(), flush=True); input()"
CRASH = "import sys; print('\\x1b[31mboom\\x1b[0m', 'bang', sep='\\n', file=sys.stderr); sys.exit(3)"
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "while True: time.sleep(60)"
)
CHATTER = (
    "import sys\n"
    "for n in range(1000): print(f'line {n}', 'x' * 1000, file=sys.stderr)\n"
    "print('y' * 100_000, file=sys.stderr)"
)
FAMILY = (
    "import subprocess, sys\n"
    "command, nowhere = [sys.executable, '-c', 'import time; time.sleep(600)'], subprocess.DEVNULL\n"
    "child = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr={stderr})\n"
    "print(child.pid, flush=True)\n"
    "{then}"
)


@pytest.fixture
async def start() -> AsyncGenerator[Start]:
    """Starts a Python program, and closes what was started."""
    started: list[ProcessChannel] = []

    async def start(program: str, **more: Any) -> ProcessChannel:
        config = UpstreamConfig(command=sys.executable, args=("-c", program), **more)
        started.append(await ProcessChannel.start(NAMESPACE, config))
        return started[-1]

    yield start
    for each in started:
        await each.close()


async def said(channel: ProcessChannel) -> bytes:
    """The next line."""
    async with asyncio.timeout(10):
        line = await anext(aiter(channel.receive()))
    assert isinstance(line, bytes)
    return line


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def until_gone(pid: int) -> None:
    """A process that is no child of ours tells nobody that it ended."""
    async with asyncio.timeout(5):
        while not gone(pid):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_messages_are_lines(start):
    channel = await start(ECHO)
    await channel.send(b"abc")
    await channel.send(b"def")
    incoming = channel.receive()
    assert [await anext(incoming), await anext(incoming)] == [b"cba", b"fed"]


async def test_empty_lines_are_no_messages(start):
    channel = await start("print('\\n  \\n a \\r\\n')")
    assert [line async for line in channel.receive()] == [b"a"]


async def test_a_child_gets_what_is_configured_and_no_secret_of_ours(start, monkeypatch, tmp_path):
    monkeypatch.setenv("GATEWAY_TEST_SECRET", "hidden")
    channel = await start(SAY_ENVIRONMENT, env={"TOKEN": "mine", "LANG": "C"}, cwd=tmp_path)
    told = (await said(channel)).decode()
    assert '"TOKEN": "mine"' in told
    assert '"LANG": "C"' in told
    assert f'"PATH": "{os.environ["PATH"]}"' in told
    assert "hidden" not in told
    assert told.endswith(str(tmp_path))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            {"command": "/no/such/program"},
            "cannot be started: its command is not there. Check command in its configuration.",
        ),
        (
            {"command": "no-such-program"},
            "cannot be started: its command is not there. Check command in its configuration.",
        ),
        (
            {"command": sys.executable, "cwd": "/no/such/folder"},
            "cannot be started: its cwd is not there. Check cwd in its configuration.",
        ),
        ({"command": "{folder}"}, "cannot be started: Permission denied. Check its command."),
        ({"command": "{folder}/text"}, "cannot be started: Permission denied. Check its command."),
    ],
)
async def test_a_program_that_cannot_be_started(tmp_path, config, reason):
    (tmp_path / "text").write_text("no program")
    filled = {key: value.replace("{folder}", str(tmp_path)) for key, value in config.items()}
    with pytest.raises(UpstreamDown) as failure:
        await ProcessChannel.start(NAMESPACE, UpstreamConfig(**filled))
    assert failure.value.reason == reason


async def test_the_last_words_of_a_crash_are_kept_and_fit_to_print(start):
    channel = await start(CRASH)
    assert [line async for line in channel.receive()] == []
    assert await channel.last_words() == " (exit status 3); it said: boom | bang"


async def test_sending_to_a_child_that_is_gone(start):
    channel = await start("import os; os.close(0); import sys; print('bye', file=sys.stderr)")
    assert [line async for line in channel.receive()] == []

    async def send_on() -> None:
        for _ in range(100):
            await channel.send(b"x" * 10_000)

    with pytest.raises(UpstreamLost) as failure:
        await send_on()
    assert failure.value.reason == "went away (exit status 0); it said: bye. It is not known whether the call ran."


async def test_only_the_last_lines_are_kept_and_each_is_bounded(start):
    channel = await start(CHATTER, max_body=20_000)
    assert [line async for line in channel.receive()] == []
    words = await channel.last_words()
    assert len(words) < stderr.KEPT_LINES * (stderr.WIDTH + 3) + 100
    assert "line 999" in words
    assert "line 900" not in words


async def test_a_flood_on_stderr_stalls_nothing(start):
    channel = await start("import sys\nsys.stderr.write('noise\\n' * 30_000)\nprint('done', flush=True)\ninput()")
    assert await said(channel) == b"done"


async def test_a_line_beyond_the_limit_is_read_over(start):
    channel = await start("print('x' * 300_000, 'after', sep='\\n', flush=True); input()", max_body=100_000)
    incoming = aiter(channel.receive())
    assert await anext(incoming) == Overlong(b"x" * EDGE, b"x" * EDGE)
    assert await anext(incoming) == b"after"


async def test_a_line_without_end_ends_it(start):
    channel = await start("while True: print('x' * 10_000, end='')", max_body=1000)
    with pytest.raises(UpstreamTooLarge) as failure:
        await said(channel)
    assert failure.value.reason == "sent a line without end and was stopped."


async def test_output_that_nobody_read_leaves_no_pipe_open(start):
    """Reading was paused for it; the file descriptors of such a child were never given back."""
    before = psutil.Process().num_fds()
    channel = await start("print('x', flush=True)\nprint('x' * 1_000_000, flush=True); input()")
    assert await said(channel) == b"x"
    assert psutil.Process().num_fds() > before
    await channel.close()
    assert psutil.Process().num_fds() == before


async def test_a_child_that_is_still_talking_may_end_by_itself(start, tmp_path):
    channel = await start("print('x' * 1_000_000, flush=True)\nopen('farewell', 'w')", cwd=tmp_path)
    await channel.close()
    assert (tmp_path / "farewell").exists()


async def test_a_line_up_to_the_limit_is_read(start):
    channel = await start("print('x' * 90_000, flush=True); input()", max_body=100_000)
    assert len(await said(channel)) == 90_000


async def test_closing_lets_a_child_end_by_itself(start, tmp_path):
    channel = await start("import sys, pathlib\nsys.stdin.read()\npathlib.Path('farewell').touch()", cwd=tmp_path)
    await channel.close()
    assert (tmp_path / "farewell").exists()
    assert gone(channel.pid)
    await channel.close()


async def test_closing_ends_a_child_that_will_not(start, monkeypatch):
    monkeypatch.setattr(stdio, "STOP_SECONDS", 0.05)
    channel = await start(STUBBORN)
    assert await said(channel) == b"ready"
    await channel.close()
    assert gone(channel.pid)


@pytest.mark.parametrize("then", ["input()", ""])
@pytest.mark.parametrize("stderr", ["nowhere", "None"])
async def test_the_children_of_a_child_go_with_it(start, then, stderr):
    channel = await start(FAMILY.format(then=then, stderr=stderr))
    grandchild = int(await said(channel))
    assert not gone(grandchild)
    await channel.close()
    await until_gone(grandchild)


async def test_errors_name_the_upstream(start):
    with pytest.raises(UpstreamError, match=r"^Upstream 'raw' cannot be started"):
        await ProcessChannel.start(NAMESPACE, UpstreamConfig(command=str(Path("/no/such"))))


HUNGRY = "input()\ntry: print(len(bytearray(300_000_000)), flush=True)\nexcept MemoryError: print('no', flush=True)"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds it")
@pytest.mark.parametrize(("limit", "heard"), [(None, b"300000000"), (100_000_000, b"no"), (900_000_000, b"300000000")])
async def test_a_program_gets_no_more_memory_than_it_may_have(start, limit, heard):
    channel = await start(HUNGRY, max_memory=limit)
    await channel.send(b"go")
    assert await said(channel) == heard


async def test_where_memory_cannot_be_bounded_it_is_said(start, monkeypatch, caplog):
    monkeypatch.delattr(stdio.psutil, "RLIMIT_DATA", raising=False)
    await start(ECHO, max_memory=100_000_000)
    assert "upstream raw: max_memory is not held on this system" in caplog.text
