"""A program that says its secrets in every way a gateway could, for a test to read what it wrote.

    python -m tests.observe.noisy FORMAT

It runs in a process of its own because logging belongs to a whole process.
"""

import http.client
import logging
import socket
import sys
import threading
import warnings
from collections.abc import Callable

import httpx2
import uvicorn
from fastmcp.utilities.logging import configure_logging
from fastmcp.utilities.logging import get_logger as fastmcp_logger
from starlette.types import Receive, Scope, Send

from gateway.config.model import LogConfig
from gateway.observe.logs import configure, get_logger
from gateway.observe.request_ids import bound_request_id

KNOWN = "configured-canary-01"
SECRETS = {
    "known": KNOWN,
    "known in an exception": "configured-canary-02",
    "known in a warning": "configured-canary-03",
    "known in a thread": "configured-canary-04",
    "key": "gw_abcdefgh_" + "canary05" * 5 + "abc",
    "bearer": "canary06.opaque",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkwNyJ9.canary07",
    "field": "canary08",
    "nested field": "canary09",
    "header pair": "canary10",
    "userinfo": "canary11",
    "query": "canary12",
    "access line": "canary13",
    "access line without a name": "canary14",
    "FastMCP's logger": "canary15",
    "HTTP client": "canary16",
    "broken arguments": "canary17",
    "uncaught": "configured-canary-18",
}

ours = get_logger("gateway.test")
theirs = logging.getLogger("some.library")


def in_an_exception() -> None:
    try:
        try:
            raise KeyError(SECRETS["known in an exception"])
        except KeyError as error:
            raise RuntimeError(f"https://ada:{SECRETS['userinfo']}@db/") from error
    except RuntimeError:
        theirs.exception("failed with %s", SECRETS["known in an exception"])


def in_a_thread() -> None:
    def fail() -> None:
        raise ValueError(SECRETS["known in a thread"])

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def in_uvicorn() -> None:
    """Two requests to a real server, whose application logs and binds a request id."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    for path in (f"/mcp?key={SECRETS['access line']}", f"/mcp?{SECRETS['access line without a name']}"):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", path, headers={"Authorization": f"Bearer {SECRETS['bearer']}"})
        connection.getresponse().read()
        connection.close()
    httpx2.get(f"http://127.0.0.1:{port}/mcp?key={SECRETS['HTTP client']}", trust_env=False)
    server.should_exit = True
    thread.join()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    with bound_request_id() as identity:
        ours.info("serving", headers=scope["headers"], bound=identity)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def in_fastmcp() -> None:
    configure_logging(level="DEBUG")  # what running a FastMCP server does
    fastmcp_logger("test").warning("rejected Bearer %s", SECRETS["FastMCP's logger"])


WAYS: dict[str, Callable[[], None]] = {
    "message": lambda: ours.info(f"the known one is {KNOWN}"),
    "arguments": lambda: theirs.warning("key %s and %s", SECRETS["key"], SECRETS["jwt"]),
    "bearer": lambda: theirs.error("sent Authorization: Bearer %s", SECRETS["bearer"]),
    "field": lambda: ours.info("field", authorization=SECRETS["field"]),
    "nested": lambda: ours.info("nested", request={"headers": {"Cookie": SECRETS["nested field"]}}),
    "pairs": lambda: ours.info("pairs", headers=[(b"x-api-key", SECRETS["header pair"].encode())]),
    "url": lambda: theirs.warning("GET https://a.example/x?api=%s&page=1", SECRETS["query"]),
    "exception": in_an_exception,
    "warning": lambda: warnings.warn(f"do not use {SECRETS['known in a warning']}", UserWarning, stacklevel=1),
    "thread": in_a_thread,
    "uvicorn": in_uvicorn,
    "fastmcp": in_fastmcp,
    "broken": lambda: theirs.warning("two %s %s", SECRETS["broken arguments"]),
    "long": lambda: ours.info("start " + "long " * 100_000 + KNOWN, fact=KNOWN * 1000),
    "controls": lambda: ours.info("red \x1b[31m and\nnew line \x9b", field="\x1b[2J"),
    "controls in an exception": lambda: ours.error("bad", exc_info=ValueError("\x1b[2J")),
    "quiet": lambda: ours.debug("not shown at INFO"),
}


def main(form: str) -> None:
    configure(LogConfig(format=form), SECRETS.values())  # ty: ignore[invalid-argument-type]
    configure(LogConfig(format=form), [])  # ty: ignore[invalid-argument-type]
    for say in WAYS.values():
        say()
    raise SystemError(SECRETS["uncaught"])


if __name__ == "__main__":
    main(sys.argv[1])
