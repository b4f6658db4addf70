"""A small internet for tests: scripted names, counted sockets, and a site that answers by script."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

import httpcore

from services.external.network import Network, Resolve

PUBLIC = "93.184.215.14"

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Sockets(httpcore.AsyncNetworkBackend):
    """Counts what it is asked to connect to, and connects to the loopback `port` instead (none: refuses)."""

    def __init__(self, port: int | None = None, unreachable: Iterable[str] = ()) -> None:
        self.opened: list[tuple[str, int]] = []
        self._port = port
        self._unreachable = frozenset(unreachable)
        self._system = Network().backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.opened.append((host, port))
        if self._port is None or host in self._unreachable:
            raise httpcore.ConnectError("refused")
        return await self._system.connect_tcp("127.0.0.1", self._port, timeout)


class Names:
    """A resolver: each name has a list of answers, one for each time it is asked; the last one stays."""

    def __init__(self, answers: Mapping[str, list[list[str]]] | None = None, other: str = PUBLIC) -> None:
        self.asked: list[str] = []
        self._answers = dict(answers or {})
        self._other = other

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answers = self._answers.get(host, [[self._other]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def network(sockets: Sockets, names: Resolve | None = None) -> Network:
    """A way out over these sockets; every name is public unless `names` says otherwise."""
    return Network(resolve=names or Names(), backend=sockets)


def raw(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """An answer as it goes over the wire; underscores in header names become hyphens."""
    fields = {"content_length": str(len(body)), "connection": "close", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + body


class Site:
    """A real HTTP server on loopback that answers each path with the bytes set for it, and keeps what it was asked.

    A path without an answer is never answered, and after the answer of a path in `held` the connection stays open
    until the client closes it, which sets `left`. A path in `scripts` is answered by its coroutine.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.held: set[str] = set()
        self.scripts: dict[str, Peer] = {}
        self.heard: list[str] = []
        self.bodies: list[bytes] = []
        self.left = asyncio.Event()
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.endpoint}{path}"

    def sends(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        """Set the answer of a path (underscores in header names become hyphens) and give its URL."""
        self.answers[path] = raw(body, status, **headers)
        return self.url(path)

    async def close(self) -> None:
        """Drop every connection, and wait until it is gone: none may outlive its loop."""
        for writer in self._writers:
            writer.transport.abort()
        for writer in self._writers:
            with suppress(OSError):
                await writer.wait_closed()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heard.append(head)
        length = re.search(r"^content-length: (\d+)", head, re.IGNORECASE | re.MULTILINE)
        self.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
        path = head.split(" ")[1].partition("?")[0]
        if path in self.scripts:
            await self.scripts[path](reader, writer)
            writer.close()
            return
        writer.write(self.answers.get(path, b""))
        if path not in self.answers or path in self.held:
            await reader.read()
            self.left.set()
        writer.close()

    def sends_in_turn(self, path: str, *answers: bytes) -> str:
        """Set the answers of a path, one for each time it is asked; the last one stays. Gives its URL."""
        left = list(answers)

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(left.pop(0) if len(left) > 1 else left[0])

        self.scripts[path] = answer
        return self.url(path)
