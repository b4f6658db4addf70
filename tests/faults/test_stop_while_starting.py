"""A stop in the middle of the start, at whichever wait it comes: it must not get lost, and the gateway serve on."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_gateway
from tests.cli.running import PATIENCE
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import Running

FEWEST_WAITS = 5  # a start without any would prove nothing


class Stopped:
    """`work`, whose task is cancelled at one of its waits, as `asyncio.Runner` does at a signal.

    `late`: in the moment when that wait is over and the task is yet to hear of it; else while it lasts.
    """

    def __init__(self, work: Coroutine[Any, Any, None], wait: int, *, late: bool):
        self.is_stopped = False
        self._work = work
        self._wait = wait
        self._late = late

    async def run(self) -> None:
        await self

    def __await__(self) -> Generator[Any, Any, None]:
        number, told = 0, None
        while True:
            try:
                waited_for = self._work.send(None) if told is None else self._work.throw(told)
            except StopIteration:
                return
            if number == self._wait:
                self._stop_at(waited_for)
            number, told = number + 1, None
            try:
                yield waited_for
            except BaseException as error:  # noqa: BLE001  # it is for the work
                told = error

    def _stop_at(self, waited_for: asyncio.Future[Any] | None) -> None:
        task = asyncio.current_task()
        assert task is not None

        def stop(_: Any = None) -> None:
            self.is_stopped = True
            task.cancel()

        if self._late and waited_for is not None:
            waited_for.add_done_callback(stop)  # called before the task's own
        else:
            asyncio.get_running_loop().call_soon(stop)


async def ended_by_it(file: Path, wait: int, *, late: bool) -> bool:
    """Whether the start of a gateway had such a wait, where it was stopped; it must not serve then."""
    gateway = create_gateway(file)
    stopped = Stopped(gateway.run_http_async(show_banner=False, port=0), wait, late=late)
    serving = asyncio.create_task(stopped.run())
    served: list[bool] = []

    def on_ready() -> None:
        served.append(stopped.is_stopped)
        os.kill(os.getpid(), signal.SIGTERM)

    gateway.on_ready = on_ready
    _, hanging = await asyncio.wait([serving], timeout=PATIENCE)
    assert not hanging
    assert served != [True], f"stopped at wait {wait}, it serves on"
    assert list(file.parent.glob("var/control/*")) == []
    return not served


@pytest.mark.parametrize("late", [False, True])
def test_it_ends(tmp_path: Path, raw_modern: Running, late: bool):
    file = written(tmp_path, configuration({"raw": raw_modern}))
    waits = 0
    while asyncio.run(ended_by_it(file, waits, late=late)):
        waits += 1
    assert waits >= FEWEST_WAITS
