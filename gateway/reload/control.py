"""Ask a running gateway for something, from this machine and as the same user: over a socket in its state directory.

One line there, one back: a word, and JSON. Each process that serves has a socket of its own.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

from gateway.ground.unix import listen_at, short
from gateway.observe.logs import get_logger

log = get_logger(__name__)

FOLDER = "control"
LONGEST_WORD = 64
WORD_SECONDS = 5.0
# A reload opens services and upstreams, each within its own deadline.
ANSWER_SECONDS = 120.0

Verb = Callable[[], Awaitable[Mapping[str, Any]]]


@asynccontextmanager
async def controlled(state_dir: Path, verbs: Mapping[str, Verb]) -> AsyncGenerator[None]:
    """While this is open, `ask` reaches these verbs. Where no socket can be had, the log says so and all else works."""
    path = state_dir / FOLDER / f"{token_hex(4)}.sock"
    try:
        listener = listen_at(path)
    except OSError as error:
        log.warning("`gateway reload` cannot reach this process", why=error.strerror, path=str(path))
        yield
        return
    try:
        server = await asyncio.start_unix_server(partial(_answer, verbs), sock=listener, limit=LONGEST_WORD)
        try:
            yield
        finally:
            server.close()
    finally:
        listener.close()  # a stop in the middle of the start leaves it without a server
        path.unlink(missing_ok=True)


async def _answer(verbs: Mapping[str, Verb], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(TimeoutError, ValueError, ConnectionError):  # whoever asks badly gets nothing
        async with asyncio.timeout(WORD_SECONDS):
            word = (await reader.readline()).decode().strip()
        if (verb := verbs.get(word)) is not None:
            answer = {"pid": os.getpid(), **await verb()}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
    writer.close()


def ask(state_dir: Path, word: str) -> list[dict[str, Any]]:
    """The answers of every gateway that serves with this state directory. Sockets left by a crash are cleared away."""
    found = (_asked(path, word) for path in sorted((state_dir / FOLDER).glob("*.sock")))
    return [answer for answer in found if answer is not None]


def _asked(path: Path, word: str) -> dict[str, Any] | None:
    with socket.socket(socket.AF_UNIX) as client, short(path) as name:
        client.settimeout(ANSWER_SECONDS)
        try:
            client.connect(name)
            client.sendall(f"{word}\n".encode())
            with client.makefile() as answer:
                return json.loads(answer.readline())
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)  # nobody listens there any more
        except (OSError, ValueError):
            pass  # it ended while it was asked
    return None
