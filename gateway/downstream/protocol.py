"""A connection from a client: its HTTP/1.1 requests (RFC 9112), each answered by the app, one after another."""

import asyncio
from collections import deque
from typing import Any, Final, cast
from urllib.parse import unquote
from weakref import WeakKeyDictionary

import httptools
from starlette.types import ASGIApp, Scope
from uvicorn import Config
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from gateway.downstream.cycle import Cycle, refusal
from gateway.downstream.heads import Head
from gateway.downstream.lines import Lines, Standing
from gateway.ground.heads import KnownHeads
from gateway.ground.overdue import Overdue
from gateway.ground.turn import HeldTransport, held

NOT_HTTP = b"Invalid HTTP request received."
TOO_LARGE = b"The headers are too large: 32 KiB are taken."
TOO_SLOW = b"The request did not come to its end in time: 15 seconds are given."
# Of everything in a request but its body, in bytes.
MAX_HEAD: Final = 32 * 1024
LONGEST_KNOWN = 2048
# From the first byte of a request to its last, while we read.
RECEIVE_SECONDS = 15.0
# Requests that came before the one ahead of them had its answer. One read may hold thousands.
MOST_WAITING: Final = 128


class HttpProtocol:
    """What uvicorn makes for each connection, in place of its own class, which costs a call three times as much.

    It is a protocol of asyncio's (`asyncio.Protocol`) in all but its class, whose attributes no compiler can lay out.
    Of uvicorn's settings that are not the server's own it knows `root_path`, `limit_concurrency` and
    `timeout_keep_alive`; whoever needs others, such as WebSockets, sets `http` to `"httptools"`.

    Attributes:
        full: see `cycle.Owner`.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ):
        if not config.loaded:
            config.load()
        self.full: asyncio.Event | None = None
        self._app: ASGIApp = cast(Any, config.loaded_app)
        self._root: str = config.root_path
        self._asgi = {"version": config.asgi_version, "spec_version": "2.3"}
        self._most: int | None = config.limit_concurrency
        self._app_state = app_state
        self._server = server_state
        self._common = _common(config)
        self._loop = _loop or asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: HeldTransport | None = None
        self._is_paused = False
        self._cycle: Cycle | None = None
        self._last: Cycle | None = None
        self._waiting: deque[tuple[Cycle, ASGIApp]] = deque()
        self._is_between = True
        self._head: Head | None = None
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._head_size = 0
        self._unread = 0
        self._is_timed = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = held(transport, self._loop)
        self._local = get_local_addr(transport)
        self._remote = get_remote_addr(transport)
        self._scheme = "https" if is_ssl(transport) else "http"
        self._server.connections.add(cast(Any, self))
        self._time(True)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            return
        was_between = self._is_between
        self._read(data)
        if self._cycle is not None or not self._is_between:
            self._common.unused.discard(self)
            self._time(not self._is_between)
        elif not was_between:  # the rest of a request that had its answer before it was whole
            self._time(False)
            self._common.unused.add(self, self._loop)

    def _read(self, data: bytes) -> None:
        is_next = self._is_between
        if is_next and (known := self._common.heads.find(data)) is not None:
            head, body = known
            cycle = self._begin(head)
            cycle.body(body)
            cycle.whole()
            return
        self._head = None  # what comes now may have none of its own
        # The parser keeps a header or a trailer, and goes through a chunk's extensions, for as long as they do not end.
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
            if self._unread > MAX_HEAD:
                self._refuse(431, TOO_LARGE)
            elif is_next and self._is_between:
                self._learn(data)
        except httptools.HttpParserUpgrade:
            # The client would go on in another protocol, and sees in the answer that it cannot (RFC 9110, section 7.8).
            self._read_no_more(self._last)
        except httptools.HttpParserError:
            if self._head_size > MAX_HEAD:
                self._refuse(431, TOO_LARGE)
            else:
                self._refuse(400, NOT_HTTP)

    def _learn(self, data: bytes) -> None:
        head = self._head
        if head is not None and self._common.heads.learn(data, head, head.length()):
            head.share()

    def eof_received(self) -> None:
        """Nothing more will come: `connection_lost` follows."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(cast(Any, self))
        self._common.unused.discard(self)
        self._common.receiving.discard(self)
        self._parser = None
        self._waiting.clear()
        if self._cycle is not None:
            self._cycle.gone()
        self.resume_writing()

    def pause_writing(self) -> None:
        """The client reads slower than the app writes."""
        self.full = asyncio.Event()

    def resume_writing(self) -> None:
        """It has caught up, or left."""
        if self.full is not None:
            self.full.set()
            self.full = None

    # httptools callbacks

    def on_message_begin(self) -> None:
        self._is_between = False
        self._url = b""
        self._headers = []
        self._expects_continue = False
        self._head_size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value) + 4
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._unread = 0
        if self._head_size > MAX_HEAD or len(self._waiting) >= MOST_WAITING:
            raise ValueError  # to the parser, which ends with an error of its own
        version: str = self._parser.get_http_version()
        self._head = Head(
            self._asked(version),
            self._headers,
            keep_alive=version != "1.0" and self._parser.should_keep_alive(),
            expects_continue=self._expects_continue,
        )
        self._begin(self._head)

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        if self._last is not None and not self._last.is_answered and self._last.body(body):
            self._pause()

    def on_message_complete(self) -> None:
        self._unread = 0
        self._is_between = True
        if self._last is not None:
            self._last.whole()

    # cycle.Owner

    def standing(self) -> Lines:
        return self._common.standing.lines(self._server.default_headers)

    def read_on(self) -> None:
        if self._is_paused and not self._waiting and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()

    def answered(self, cycle: Cycle) -> None:
        assert self._transport is not None
        self._server.total_requests += 1
        self._cycle = None
        if not cycle.keep_alive:
            self._transport.close()
        if self._transport.is_closing():
            return
        if self._waiting:
            self._start(*self._waiting.popleft())
        elif self._is_between:
            self._common.unused.add(self, self._loop)
        self.read_on()

    # What the server calls, and the timer.

    def shutdown(self) -> None:
        """Close the connection once all that was asked has its answer."""
        if self._cycle is not None and self._last is not None:
            self._last.keep_alive = False
        elif self._transport is not None:
            self._transport.close()

    def late(self) -> None:
        """No request came for as long as an unused connection is kept, or one did not come to its end."""
        assert self._transport is not None
        self._is_timed = False
        if self._is_paused:  # it could not
            self._time(True)
        elif self._is_between:
            self._transport.close()
        elif self._parser is not None:
            self._refuse(408, TOO_SLOW)

    def _time(self, is_receiving: bool) -> None:
        """Give what is being received its time, from when it began."""
        if is_receiving and not self._is_timed:
            self._common.receiving.add(self, self._loop)
        elif self._is_timed and not is_receiving:
            self._common.receiving.discard(self)
        self._is_timed = is_receiving

    def _asked(self, version: str) -> dict[str, Any]:
        """What the head that the parser has read asks for, as ASGI says it."""
        url = httptools.parse_url(self._url)
        path = url.path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        return {
            "http_version": version,
            "root_path": self._root,
            "method": self._parser.get_method().decode("ascii"),
            "path": self._root + path,
            "raw_path": self._root.encode("ascii") + url.path,
            "query_string": url.query or b"",
        }

    def _begin(self, head: Head) -> Cycle:
        """Have a request answered, now or after those before it."""
        assert self._transport is not None
        scope: Scope = {
            "type": "http",
            "asgi": self._asgi,
            "server": self._local,
            "client": self._remote,
            "scheme": self._scheme,
            "state": self._app_state.copy(),
            "headers": head.headers.copy(),
            **head.scope,
        }
        cycle = Cycle(self, self._transport, scope, keep_alive=head.keep_alive, expects_continue=head.expects_continue)
        app: ASGIApp = cast(Any, service_unavailable) if self._is_busy() else self._app
        self._last = cycle
        if self._cycle is None:
            self._start(cycle, app)
        else:
            self._waiting.append((cycle, app))
            self._pause()
        return cycle

    def _is_busy(self) -> bool:
        most = self._most
        return most is not None and (len(self._server.connections) >= most or len(self._server.tasks) >= most)

    def _start(self, cycle: Cycle, app: ASGIApp) -> None:
        self._cycle = cycle
        cycle.task = self._loop.create_task(cycle.run(app))
        self._server.tasks.add(cycle.task)

    def over(self, cycle: Cycle) -> None:
        if cycle.task is not None:
            self._server.tasks.discard(cycle.task)
            cycle.task = None  # which has the cycle, or else both would wait for the garbage collector

    def _pause(self) -> None:
        if not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def _refuse(self, status: int, why: bytes) -> None:
        """What comes is not to be read. What was asked whole before it is answered, and that is the end."""
        assert self._transport is not None
        last = self._last
        if last is not None and not last.is_whole and self._waiting:
            self._waiting.pop()
            last = self._waiting[-1][0] if self._waiting else self._cycle
        self._read_no_more(last)
        if last is None or (last.is_answered and last.is_whole):
            self._transport.write(refusal(status, why))
            self._transport.close()
        elif not last.is_whole:
            last.refuse(status, why)

    def _read_no_more(self, last: Cycle | None) -> None:
        """The answer to `last` is the last one."""
        self._parser = None
        if last is not None:
            last.keep_alive = False


class _Common:
    """What the connections of one server have in common.

    `unused` looks after those that carry no request, `receiving` after those whose request is not all there.
    """

    def __init__(self, config: Config):
        self.unused = Overdue(config.timeout_keep_alive)
        self.receiving = Overdue(RECEIVE_SECONDS)
        self.heads: KnownHeads[Head] = KnownHeads(LONGEST_KNOWN)
        self.standing = Standing()


def _common(config: Config) -> _Common:
    common = _servers.get(config)
    if common is None:
        common = _servers[config] = _Common(config)
    return common


_servers: WeakKeyDictionary[Config, _Common] = WeakKeyDictionary()
