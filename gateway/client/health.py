"""How an MCP server does: whether it can be reached, how fast it answers, and what it offers."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from gateway.client.results import text_of
from gateway.client.server import Server
from gateway.errors import UPSTREAM_CODES, Forbidden, GatewayError, Unauthenticated

State = Literal["well", "failed", "down", "refused"]

DEADLINE = 10.0
LONGEST_REASON = 500


@dataclass(frozen=True)
class Health:
    """One look at a server. Times are milliseconds, and None for what was not reached; counts likewise.

    `state`: `down` when it, or an upstream behind it, could not answer; `refused` when the credential does not do;
    `failed` for every other failure, a probed tool's included. `reason` is empty when it is well.
    """

    at: str
    server: str
    state: State = "well"
    reason: str = ""
    version: str = ""
    about: str = ""
    connect_ms: float | None = None
    list_ms: float | None = None
    call_ms: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return self.state == "well"


async def check(
    server: Server, tool: str = "", arguments: Mapping[str, Any] | None = None, *, deadline: float = DEADLINE
) -> Health:
    """Connect anew, list everything, and call `tool` if one is named, all within `deadline` seconds."""
    look = _Look(server.again(), deadline)
    try:
        await look.at_everything(tool, arguments or {})
    except GatewayError as error:
        look.found |= {"state": state_of(error), "reason": error.message[:LONGEST_REASON]}
    return look.health()


async def watch(
    server: Server,
    every: float,
    tool: str = "",
    arguments: Mapping[str, Any] | None = None,
    *,
    deadline: float = DEADLINE,
) -> AsyncGenerator[Health]:
    """`check`, over and over, a new look beginning `every` seconds after the last one began, or once that ended."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        yield await check(server, tool, arguments, deadline=deadline)
        await asyncio.sleep(max(0.0, began + every - loop.time()))


def state_of(error: GatewayError) -> State:
    """What an error says of the server: by its code, which a gateway at the other end may have chosen."""
    if error.code in (Unauthenticated.code, Forbidden.code):
        return "refused"
    return "down" if error.code in UPSTREAM_CODES else "failed"


class _Look:
    """One look, which keeps what it found so far."""

    def __init__(self, server: Server, deadline: float):
        self.server = server
        self._end = time.monotonic() + deadline
        self.found: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "server": server.name}

    def health(self) -> Health:
        return Health(**self.found)

    def _left(self) -> float:
        return max(0.001, self._end - time.monotonic())

    async def at_everything(self, tool: str, arguments: Mapping[str, Any]) -> None:
        with _Timed(self.found, "connect_ms"):
            await self.server.open(deadline=self._left())
        try:
            self.found |= {"version": self.server.version, "about": self.server.about}
            with _Timed(self.found, "list_ms"):
                self.found["counts"] = await self._counts()
            if tool:
                with _Timed(self.found, "call_ms"):
                    await self._probe(tool, arguments)
        finally:
            await self.server.close()

    async def _counts(self) -> dict[str, int]:
        server = self.server
        return {
            "tools": len(await server.tools(deadline=self._left())),
            "resources": len(await server.resources(deadline=self._left())),
            "templates": len(await server.templates(deadline=self._left())),
            "prompts": len(await server.prompts(deadline=self._left())),
        }

    async def _probe(self, tool: str, arguments: Mapping[str, Any]) -> None:
        result = await self.server.call(tool, arguments, deadline=self._left())
        if result.is_error:
            why = self.server.masked(text_of(result)) or "it does not say why"
            self.found |= {"state": "failed", "reason": f"{tool} failed: {why}"[:LONGEST_REASON]}


class _Timed:
    """Milliseconds that a block took, if it ended well."""

    def __init__(self, found: dict[str, Any], name: str):
        self._found = found
        self._name = name

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._found[self._name] = round((time.perf_counter() - self._began) * 1000, 1)
