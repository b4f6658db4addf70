"""Several MCP servers under names of one's own choice, connected to at once."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Self

from mcp_types import CallToolResult

from gateway.client.health import Health, check
from gateway.client.server import CALL_SECONDS, At, Server
from gateway.errors import GatewayError, UnknownName


class Servers:
    """Named servers, open for as long as the `async with` block lasts.

    One that cannot be connected to is in `failed` with the reason, and the others work.
    """

    def __init__(self, servers: Mapping[str, At | Server]):
        self._all = {name: at if isinstance(at, Server) else Server(at, name=name) for name, at in servers.items()}
        self.failed: dict[str, GatewayError] = {}

    async def __aenter__(self) -> Self:
        async with asyncio.TaskGroup() as group:
            for name in self._all:
                group.create_task(self._open(name))
        return self

    async def __aexit__(self, *_: object) -> None:
        async with asyncio.TaskGroup() as group:
            for server in self._all.values():
                group.create_task(server.close())

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __getitem__(self, name: str) -> Server:
        """One of them, connected.

        Raises:
            UnknownName: there is none of that name.
            GatewayError: it could not be connected to.
        """
        if name not in self._all:
            raise UnknownName(f"There is no server '{name}'. There are: {', '.join(self._all) or 'none'}.")
        if name in self.failed:
            raise self.failed[name]
        return self._all[name]

    async def call(
        self, name: str, tool: str, arguments: Mapping[str, Any] | None = None, *, deadline: float = CALL_SECONDS
    ) -> CallToolResult:
        """Call a tool of one of them, once."""
        return await self[name].call(tool, arguments, deadline=deadline)

    async def health(self) -> dict[str, Health]:
        """How each of them does, asked over connections of their own, all at once."""
        found = await asyncio.gather(*(check(server) for server in self._all.values()))
        return dict(zip(self._all, found, strict=True))

    async def _open(self, name: str) -> None:
        try:
            await self._all[name].open()
        except GatewayError as error:
            self.failed[name] = error
