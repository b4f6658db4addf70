"""How much of one host all callers may use at once: answers being read, and requests in a second."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import cast

import httpx
from aiolimiter import AsyncLimiter
from fastmcp.exceptions import ToolError

MAX_WAITING = 100
"""Requests that wait for one host; past them a caller is told at once."""
MAX_HOSTS = 1_000
"""Hosts that are remembered; past them the one not asked for longest begins anew."""


class _Host:
    def __init__(self, at_once: int, rate: float) -> None:
        self.places = asyncio.Semaphore(at_once)
        self.pace = AsyncLimiter(max(rate, 1), max(rate, 1) / rate)
        self.users = 0


class LimitedTransport(httpx.AsyncBaseTransport):
    """Has requests to one host wait for a place, which they give back when their answer is closed.

    How long they wait is bounded by the deadline of the call.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, at_once: int, rate: float) -> None:
        self._inner = inner
        self._at_once = at_once
        self._rate = rate
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = self._host(request.url.host)
        if host.users >= self._at_once + MAX_WAITING:
            raise ToolError(f"{MAX_WAITING} requests are waiting for this host already. Try again later.")
        host.users += 1
        try:
            response = await self._send(host, request)
        except BaseException:  # a cancellation too
            host.users -= 1
            raise
        response.stream = _Held(cast(httpx.AsyncByteStream, response.stream), host)
        return response

    async def _send(self, host: _Host, request: httpx.Request) -> httpx.Response:
        await host.places.acquire()
        try:
            await host.pace.acquire()
            return await self._inner.handle_async_request(request)
        except BaseException:  # a cancellation too
            host.places.release()
            raise

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(self._at_once, self._rate)
            self._forget_one()
        self._hosts.move_to_end(name)
        return host

    def _forget_one(self) -> None:
        if len(self._hosts) > MAX_HOSTS:
            idle = next((name for name, host in self._hosts.items() if not host.users), None)
            if idle is not None:
                del self._hosts[idle]

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Held(httpx.AsyncByteStream):
    """An answer's body, with the place at its host that it keeps until it is closed."""

    def __init__(self, inner: httpx.AsyncByteStream, host: _Host) -> None:
        self._inner = inner
        self._host: _Host | None = host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk

    async def aclose(self) -> None:
        host, self._host = self._host, None
        try:
            await self._inner.aclose()
        finally:
            if host is not None:
                host.users -= 1
                host.places.release()
