"""The way out: a transport for httpx whose every socket goes to an address that the guard has checked.

A name is resolved once, all its answers are checked, and the connection is made to one of those very
addresses, so a resolver that answers differently the second time gains nothing. TLS and the Host header
keep the name.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import httpcore
import httpx

from services.external.guard import Policy, Refused, require_public

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve_by_system(host: str, port: int) -> list[str]:
    """The addresses of the host, as the system's resolver gives them. Raises OSError when there are none."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


def _system_sockets() -> httpcore.AsyncNetworkBackend:
    # httpcore types the name as a stand-in too, for where anyio is missing.
    return httpcore.AnyIOBackend()  # ty: ignore[invalid-explicit-return]


@dataclass(frozen=True)
class Network:
    """How names become addresses, and addresses sockets."""

    resolve: Resolve = resolve_by_system
    backend: httpcore.AsyncNetworkBackend = field(default_factory=_system_sockets)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses only."""

    def __init__(self, policy: Policy, network: Network) -> None:
        self._policy = policy
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first checked address that answers.

        Raises Refused when the name does not resolve or any of its addresses is not public, and httpcore's
        ConnectError or ConnectTimeout when none of them can be connected to within `timeout` seconds.
        """
        addresses = await self._addresses(host, port)
        until = None if timeout is None else time.monotonic() + timeout
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            left = None if until is None else max(until - time.monotonic(), 0)
            try:
                return await self._network.backend.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
        raise failure or httpcore.ConnectError("no address")

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore's own connection retries."""
        await self._network.backend.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._network.resolve(host, port)
        except OSError as error:
            raise Refused("The URL's host does not resolve to an address. Check its spelling.") from error
        if not self._policy.opens(host, port):
            require_public(addresses)
        return addresses


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a GuardedBackend, with no proxy and nothing taken from the environment."""

    def __init__(self, policy: Policy, network: Network) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        # httpx 0.28 takes no network backend, so its pool is put in place before the first request.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(policy, network),
        )
