"""The workers of one gateway, as one of them sees, asks and tells the others over sockets in the state directory."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.doors.bodies import read_body
from gateway.ground.unix import listen_at
from gateway.observe.logs import get_logger
from gateway.upstream.errands import Errands
from gateway.upstream.http1 import HttpClient
from gateway.upstream.http_connection import HttpError

log = get_logger(__name__)

FOLDER = "workers"
CONNECT_SECONDS = 2.0
# A worker that is busy for longer is left out of what is told of all.
ANSWER_SECONDS = 2.0
LONGEST_ANSWER = 64 * 1024 * 1024

Answer = Callable[[], Any]
Hear = Callable[[str], None]


class Peers:
    """Who the workers are, and what each can be asked.

    Args:
        folder: where their sockets are.
        gateway: tells these workers from those of another gateway with the same folder.
        number: of this worker, from 1 to `count`.
    """

    def __init__(self, folder: Path, gateway: str, number: int, count: int):
        self.number = number
        self.count = count
        self.answers: dict[str, Answer] = {}
        """What each worker answers, by question."""
        self.hears: dict[str, Hear] = {}
        """What each worker makes of what another says, by topic."""
        self._saying = Errands()
        self._folder = folder
        self._gateway = gateway
        self._clients = {other: self._client(other) for other in range(1, count + 1) if other != number}

    def listen(self) -> socket.socket:
        """This worker's socket.

        Raises:
            OSError: it cannot be made.
        """
        return listen_at(self._path(self.number))

    def close(self) -> None:
        """Drop every connection, and this worker's socket."""
        for client in self._clients.values():
            client.close()
        self._path(self.number).unlink(missing_ok=True)

    def client(self, number: int) -> HttpClient | None:
        """Connections to another worker; None where there is none of that number."""
        return self._clients.get(number)

    async def ask(self, question: str) -> dict[int, Any]:
        """The answers of all workers that gave one in time, this one's included, by number."""
        others = list(self._clients)
        told = await asyncio.gather(*(self._asked(other, question) for other in others))
        found = {self.number: self.answers[question](), **dict(zip(others, told, strict=True))}
        return {number: found[number] for number in sorted(found) if found[number] is not None}

    def say(self, topic: str, text: str) -> None:
        """Tell all others, soon. One that cannot be told within 2 s does not hear of it."""
        for other in self._clients:
            self._saying.start(self._say(other, topic, text), f"telling worker {other}")

    async def said(self) -> None:
        """Until all is said that was to be."""
        await self._saying.finish()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To another worker that asks."""
        topic = scope["path"].removeprefix("/")
        if scope["method"] == "POST" and topic in self.hears:
            body = await read_body(receive, [])
            if body is not None:
                self.hears[topic](body.decode())
            await Response(status_code=204)(scope, receive, send)
            return
        question = self.answers.get(topic)
        if question is None:
            await Response(status_code=404)(scope, receive, send)
            return
        await Response(orjson.dumps(question()), media_type="application/json")(scope, receive, send)

    async def _asked(self, number: int, question: str) -> Any:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                async with await self._clients[number].request("GET", b"", target=f"/{question}") as response:
                    return orjson.loads(await response.read(LONGEST_ANSWER))
        except (HttpError, TimeoutError, orjson.JSONDecodeError) as error:
            log.warning("a worker gave no answer", asked=number, question=question, why=str(error) or "timeout")
            return None

    async def _say(self, number: int, topic: str, text: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                async with await self._clients[number].request("POST", b"", text.encode(), target=f"/{topic}") as taken:
                    await taken.read(LONGEST_ANSWER)
        except (HttpError, TimeoutError) as error:
            log.debug("a worker could not be told", told=number, topic=topic, why=str(error) or "timeout")

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._gateway}-{number}.sock"

    def _client(self, number: int) -> HttpClient:
        return HttpClient("http://worker/", connect_timeout=CONNECT_SECONDS, socket=self._path(number))
