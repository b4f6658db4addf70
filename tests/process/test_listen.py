"""Sockets to listen at, and what is said where there can be none."""

import asyncio
import errno
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import uvicorn

from gateway.errors import CannotListen
from gateway.process.ending import Unanswered
from gateway.process.listen import HttpServer, bind, is_loopback, origin, origin_of, reserve, share, why_not


@pytest.mark.parametrize(
    ("host", "loopback", "shown"),
    [
        ("127.0.0.1", True, "http://127.0.0.1"),
        ("127.0.0.2", True, "http://127.0.0.2"),
        ("localhost", True, "http://"),
        ("0.0.0.0", False, "http://127.0.0.1"),
    ],
)
def test_an_address_is_told_as_a_client_here_types_it(host: str, loopback: bool, shown: str):
    with bind(host, 0) as listener:
        assert is_loopback(listener) is loopback
        assert origin(listener).startswith(shown)
        assert origin(listener).endswith(f":{listener.getsockname()[1]}")


@pytest.mark.parametrize("address", ["::", "::1"])
def test_an_address_of_ipv6_stands_in_brackets(address: str):
    assert origin_of(address, 8000) == "http://[::1]:8000"


def test_a_unix_socket_is_reached_from_this_machine_alone(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert is_loopback(listener)


def test_several_processes_listen_at_an_address_that_one_reserved():
    with reserve("127.0.0.1", 0) as reserved, share(reserved) as one, share(reserved) as other:
        address = reserved.getsockname()
        assert [each.getsockname() for each in (one, other)] == [address, address]
        one.listen(), other.listen()
        socket.create_connection(address).close()
        for taken in (bind, reserve):
            with pytest.raises(CannotListen, match="in use"):
                taken(*address)


def test_of_two_that_reserve_an_address_at_once_one_has_it():
    """Not each try would meet the moment at which both could."""
    with bind("127.0.0.1", 0) as free:
        address = free.getsockname()
    together = Barrier(2)

    def at_once(_: int) -> socket.socket | None:
        together.wait()
        try:
            return reserve(*address)
        except CannotListen:
            return None

    with ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            had = [each for each in pool.map(at_once, range(2)) if each is not None]
            assert len(had) == 1
            had[0].close()


def test_one_that_is_not_served_yet_gets_no_connection():
    with reserve("127.0.0.1", 0) as reserved, share(reserved) as served, share(reserved), ExitStack() as clients:
        served.listen()
        served.settimeout(5)
        for _ in range(16):
            clients.enter_context(socket.create_connection(reserved.getsockname()))
            served.accept()[0].close()


def test_a_port_in_use_is_told_apart():
    with bind("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Port {port} on 127.0.0.1 is in use") as refusal:
            bind("127.0.0.1", port)
    assert refusal.value.data["in_use"] is True
    bind("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["300.1.2.3", "192.0.2.1", "a" * 70 + ".example", "no spaces"])
def test_what_is_no_address_here_is_refused(host: str):
    with pytest.raises(CannotListen, match="is no address of this machine") as refusal:
        bind(host, 0)
    assert "in_use" not in refusal.value.data


def test_each_reason_has_its_cure():
    assert "above 1023" in why_not(PermissionError(errno.EACCES, "Permission denied"), "127.0.0.1", 80)
    assert why_not(OSError(errno.ENFILE, "Too many open files"), "127.0.0.1", 80) == (
        "Cannot listen on 127.0.0.1: Too many open files. Check server.host or --host."
    )


async def serving(number: signal.Signals, delay: float = 0.0, *, early: bool = False) -> list[str]:
    """What happened, in order, when that signal came to a listener that had just become ready.

    `early`: it came while uvicorn was still starting.
    """
    happened: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan", "nobody asks"
        if early:
            os.kill(os.getpid(), number)
        for each in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{each}.complete"})

    def on_ready() -> None:
        happened.append("ready")
        if not early:
            os.kill(os.getpid(), number)

    async def end_listening() -> None:
        happened.append("nobody listens")

    def no_calls() -> None:
        raise AssertionError("there are none to end")

    unanswered = Unanswered(app)
    config = uvicorn.Config(unanswered, lifespan="on", log_config=None)
    with bind("127.0.0.1", 0) as listener:
        stop = partial(happened.append, "stopping")
        await HttpServer(config, unanswered, on_ready, end_listening, no_calls, stop, delay).serve([listener])
    await asyncio.sleep(0)  # where a cancellation would strike
    return [*happened, "closed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_serving_and_nothing_else(number: signal.Signals):
    assert asyncio.run(serving(number)) == ["ready", "stopping", "nobody listens", "closed"]


def test_a_signal_that_comes_at_once_is_followed_by_the_delay_as_any_other():
    began = time.monotonic()
    assert asyncio.run(serving(signal.SIGTERM, delay=0.5)) == ["ready", "stopping", "nobody listens", "closed"]
    assert time.monotonic() - began >= 0.5


def test_so_is_one_that_comes_before():
    began = time.monotonic()
    happened = asyncio.run(serving(signal.SIGTERM, delay=0.5, early=True))
    assert happened == ["stopping", "ready", "nobody listens", "closed"]
    assert time.monotonic() - began >= 0.5
