"""Lifespans of services: opened and closed by one task each, and shared by those who serve the same server."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest
from fastmcp import FastMCP

from gateway import lifespans as module
from gateway.lifespans import Lifespans

OPEN: ContextVar[bool] = ContextVar("open")


def server_of(life: list[str], fails: str = "", hangs: bool = False) -> FastMCP:
    @asynccontextmanager
    async def lifespan(_: FastMCP) -> AsyncGenerator[None]:
        if fails == "open":
            raise OSError("it does not open")
        token = OPEN.set(True)
        life.append("open")
        yield
        OPEN.reset(token)  # which fails in any other task than the one that opened it
        if hangs:
            await asyncio.Event().wait()
        if fails == "close":
            raise OSError("it does not close")
        life.append("close")

    return FastMCP("own", lifespan=lifespan)


async def test_other_tasks_may_open_and_close():
    life: list[str] = []
    lifespans, server = Lifespans(), server_of(life)
    await asyncio.create_task(lifespans.open(server))
    assert life == ["open"]
    await asyncio.create_task(lifespans.close(server))
    assert life == ["open", "close"]


async def test_the_last_one_closes():
    life: list[str] = []
    lifespans, server = Lifespans(), server_of(life)
    await asyncio.gather(lifespans.open(server), lifespans.open(server))
    await lifespans.close(server)
    assert life == ["open"]
    await lifespans.close(server)
    assert life == ["open", "close"]


async def test_what_kept_it_from_opening_is_raised_and_it_can_be_tried_again():
    life: list[str] = []
    lifespans, server = Lifespans(), server_of(life, fails="open")
    for _ in range(2):
        with pytest.raises(OSError, match="it does not open"):
            await lifespans.open(server)
    assert life == []


async def test_a_failure_to_close_is_logged(caplog: pytest.LogCaptureFixture):
    life: list[str] = []
    lifespans, server = Lifespans(), server_of(life, fails="close")
    await lifespans.open(server)
    with caplog.at_level(logging.ERROR):
        await lifespans.close(server)
    assert "a service could not be closed" in caplog.text


async def test_one_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.01)
    life: list[str] = []
    lifespans, server = Lifespans(), server_of(life, hangs=True)
    await lifespans.open(server)
    with caplog.at_level(logging.ERROR):
        await lifespans.close(server)
    assert "took too long to close" in caplog.text
