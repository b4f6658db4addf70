"""Listen at an address until told to stop, and then end in peace."""

import asyncio
import errno
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from types import FrameType
from typing import Any, cast

import uvicorn

from gateway.errors import CannotListen
from gateway.process.ending import Streams, Unanswered

BACKLOG = 2048
SPREADS = sys.platform == "linux"
# What is left of the grace for telling callers that it is over.
ANSWER_SECONDS = 2.0
# What a client on this machine types where the gateway listens on every address.
NEAREST = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at `host`, a name or an address. Port 0 takes a free one.

    Raises:
        CannotListen: the address is none of this machine's, or the port cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise CannotListen(f"{host!r} is no address of this machine. Check server.host or --host.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        in_use = True if error.errno == errno.EADDRINUSE else None
        raise CannotListen(why_not(error, host, port), in_use=in_use) from None
    return listener


def reserve(host: str, port: int) -> socket.socket:
    """The address for several processes, each of which takes its own socket of it by `share`.

    Linux hands each new connection to one of the sockets that listen at an address, chosen by a hash, which spreads
    them evenly. One socket that all of them listen on does not: 16 connections often went to one of two processes.
    Elsewhere a hash is not what chooses, and one socket is all there is.

    Raises:
        CannotListen: as `bind`. Several gateways never share an address by mistake, be they started at once.
    """
    first = bind(host, port)
    if not SPREADS:
        return first
    with first:  # until the next one has the address, and has it so that no other gateway can listen there
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved = share(first)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return reserved


def share(reserved: socket.socket) -> socket.socket:
    """A socket to listen with at a reserved address. Call it in the process that is to serve there.

    Where each has its own, it listens once it is served, and so gets no connection that it would first let wait, and
    lose if it were stopped in the middle of its start.
    """
    if not SPREADS:
        return reserved
    address = reserved.getsockname()
    listener = socket.socket(reserved.family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise CannotListen(why_not(error, *address[:2])) from None
    return listener


def why_not(error: OSError, host: str, port: int) -> str:
    """What to tell of a failure to listen there, with the cure."""
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is in use by another program. Choose another with --port, or --port 0."
        case errno.EACCES:
            return f"Port {port} needs rights that this user does not have. Choose one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host!r} is no address of this machine. Check server.host or --host."
        case _:
            return f"Cannot listen on {host}: {error.strerror}. Check server.host or --host."


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return True  # a Unix socket
    return ip_address(listener.getsockname()[0]).is_loopback


def origin(listener: socket.socket) -> str:
    """Where a client on this machine finds it, such as `http://127.0.0.1:8000`."""
    host, port = listener.getsockname()[:2]
    return origin_of(host, port)


def origin_of(address: str, port: int) -> str:
    """The same for an address to listen at."""
    host = NEAREST.get(address, address)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class HttpServer(uvicorn.Server):
    """uvicorn, which takes SIGINT and SIGTERM for itself while it serves.

    Args:
        unanswered: the app that is served; after a signal its requests get the configured grace to be answered.
        on_ready: called once connections are accepted.
        end_listening: ends what modern clients listen to; called when there is nothing else left to wait for.
        end_calls: has the calls that still run answered with an error; called shortly before the grace is over.
        on_stop: called at the first signal.
        delay: seconds for which it still serves after the first signal, so that who asks whether it is ready hears no.
        beside: a Unix socket that is served too, and by which app.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        unanswered: Unanswered,
        on_ready: Callable[[], None],
        end_listening: Callable[[], Awaitable[None]],
        end_calls: Callable[[], None],
        on_stop: Callable[[], None],
        delay: float = 0.0,
        beside: tuple[socket.socket, uvicorn.Config] | None = None,
    ):
        super().__init__(config)
        self._delay = delay
        self._serves_until: float | None = None
        self._is_ready = False
        self._beside = beside
        self._unanswered = unanswered
        self._on_ready = on_ready
        self._end_listening = end_listening
        self._end_calls = end_calls
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._beside is not None:
            self.servers.append(await self._serve_beside(*self._beside))
        if self.started and self.should_exit:  # uvicorn leaves this out then, and with it the delay
            await self.main_loop()

    async def _serve_beside(self, listener: socket.socket, config: uvicorn.Config) -> asyncio.Server:
        """Its connections are among those of this server, and so are waited for."""
        config.load()
        protocol = partial(
            cast(Any, config.http_protocol_class),
            config=config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return await asyncio.get_running_loop().create_unix_server(protocol, sock=listener, backlog=BACKLOG)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        with Streams() as self._streams:
            await super().serve(sockets)

    async def on_tick(self, counter: int) -> bool:
        if not self._is_ready:  # not before: a signal that comes until now ends uvicorn without a drain
            self._is_ready = True
            self._on_ready()
        if not await super().on_tick(counter):
            return False
        now = asyncio.get_running_loop().time()
        if self._serves_until is None:
            self._serves_until = now + self._delay
        return self.force_exit or now >= self._serves_until

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        ending = asyncio.create_task(self._end_streams())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()
            await asyncio.wait([ending])
            for task in self.server_state.tasks:  # after a second signal
                task.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets what runs finish, a second one does not wait for it."""
        if self.should_exit:
            self.force_exit = True
        super().handle_exit(sig, frame)
        self._on_stop()

    async def _end_streams(self) -> None:
        grace = self.config.timeout_graceful_shutdown
        try:
            async with asyncio.timeout(None if grace is None else grace - min(ANSWER_SECONDS, grace / 2)):
                await self._unanswered.finished()
        except TimeoutError:
            self._end_calls()
            await self._unanswered.finished()
        await self._end_listening()
        self._streams.end()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        with super().capture_signals():
            yield
            # uvicorn would raise them again now, and so kill the process before its upstreams are closed.
            self._captured_signals.clear()
