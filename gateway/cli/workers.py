"""Serve with several processes: what the parent does, and what each worker reads."""

import socket
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex

from gateway.config.load import Loaded
from gateway.config.restart import without_restart
from gateway.config.show import secrets_of
from gateway.doors.workers.peers import FOLDER
from gateway.errors import ConfigurationError
from gateway.ground.unix import clear_left
from gateway.observe.logs import configure, get_logger, of_process
from gateway.process.workers import Ended, Worker, Workers

log = get_logger(__name__)

Read = Callable[[], Loaded]


def in_workers(loaded: Loaded, count: int, reserved: socket.socket) -> Worker | Ended:
    """Returns in each of `count` workers, and in this process when all of them have ended.

    `reserved` is the address that they serve.
    """
    configure(loaded.config.log, secrets_of(loaded.config))
    clear_left(loaded.state_dir / FOLDER)
    became = Workers(count, token_hex(4), on_stop=reserved.close).run()
    if isinstance(became, Worker):
        of_process["worker"] = became.number
    return became


def reading(loaded: Loaded, read: Read, worker: Worker) -> Read:
    """How a worker reads the configuration: first what all began with, and from then on what the files say."""
    first = [_now(loaded, read) if worker.again else loaded]
    return lambda: first.pop() if first else read()


def _now(began: Loaded, read: Read) -> Loaded:
    """What a worker that is started again serves: as much of the files as the others can have taken over."""
    try:
        wanted = read()
    except ConfigurationError as error:
        log.error("configuration not read: this worker serves that of the start", faults=list(map(str, error.faults)))
        return began
    config, _ = without_restart(began.config, wanted.config)
    return replace(wanted, config=config)
