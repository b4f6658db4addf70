"""From files that changed to a generation that serves, or to the reason why it does not."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.config.load import Loaded
from gateway.config.restart import without_restart
from gateway.config.show import secrets_of
from gateway.errors import ConfigurationError, GatewayError
from gateway.observe.logs import configure, get_logger
from gateway.observe.redact import REDACTOR, redact
from gateway.policy.authenticate import auth_faults
from gateway.reload.files import SETTLE_SECONDS, stamps
from gateway.reload.outcome import Outcome
from gateway.runtime import Runtime
from gateway.services import load_services

log = get_logger(__name__)

# One who writes a file without a pause is not waited for any longer.
MOST_READS = 25


class Reloader:
    """Takes over a configuration whole, or leaves everything as it was.

    Args:
        loaded: what serves at first.
        read: reads the files and the environment again, the same way.
    """

    def __init__(self, runtime: Runtime, loaded: Loaded, read: Callable[[], Loaded]):
        self._runtime = runtime
        self._read = read
        self._turn = asyncio.Lock()
        self.loaded = loaded
        """What serves now, as it was read."""
        self.files: Collection[Path] = loaded.files
        """What to watch: the files that the last attempt read, or looked for."""
        self._served_since = time.time()
        self.last: Outcome | None = None
        """What became of the last attempt; None before the first."""

    def state(self) -> dict[str, Any]:
        """For status: since when what serves does so, and what came of the last attempt to take over another."""
        last = self.last
        return {
            "served_since": datetime.fromtimestamp(self._served_since, UTC).isoformat(timespec="seconds"),
            "well": last is None or last.well,
            "faults": list(last.faults) if last is not None else [],
            "needs_restart": list(last.needs_restart) if last is not None else [],
        }

    async def reload(self, because: str) -> Outcome:
        """One attempt, after those that were asked for before."""
        async with self._turn:
            try:
                self.last = await self._attempt(because)
            except ConfigurationError as error:
                self.files = {*self.files, *error.files}
                self.last = _failed(because, [str(fault) for fault in error.faults])
            except GatewayError as error:
                self.last = _failed(because, [error.message])
            except Exception as error:  # a service may raise what it likes while it starts, and we serve on
                log.exception("the new configuration could not be started")
                self.last = _failed(because, [f"{type(error).__name__}: the log of the gateway says where"])
        _tell(self.last)
        return self.last

    async def _read_at_rest(self) -> Loaded:
        """What the files say when nobody writes them: a file that was emptied to be written would be valid too."""
        for _ in range(MOST_READS - 1):
            before = stamps(self.files)
            await asyncio.sleep(SETTLE_SECONDS)
            with suppress(ConfigurationError):  # told by the last read
                loaded = await asyncio.to_thread(self._read)
                if stamps(self.files) == before:
                    return loaded
            if stamps(self.files) == before:
                break
        return await asyncio.to_thread(self._read)

    async def _attempt(self, because: str) -> Outcome:
        loaded = await self._read_at_rest()
        redact(secrets_of(loaded.config))  # before anything is done that could log one
        self.files = loaded.files
        if faults := list(auth_faults(loaded.config)):
            raise ConfigurationError(faults)
        served = self._runtime.config
        config, needs_restart = without_restart(served, loaded.config)
        to_load = self._runtime.generation.to_load(config)
        file = str(loaded.file or "defaults")
        servers = await asyncio.to_thread(load_services, to_load, file, loaded.folder)
        changed = await self._runtime.apply(config, servers)
        self.loaded, self._served_since = loaded, time.time()
        if config.log != served.log:
            configure(config.log)
        return Outcome(because, changed, needs_restart)


def _failed(because: str, faults: list[str]) -> Outcome:
    return Outcome(because, faults=tuple(map(REDACTOR.text, faults)))


def _tell(outcome: Outcome) -> None:
    if outcome.faults:
        log.error("configuration not applied: the old one serves on", because=outcome.because, faults=outcome.faults)
        return
    log.info("configuration applied", because=outcome.because, changed=outcome.changed)
    if outcome.needs_restart:
        log.warning("restart to apply the rest of the configuration", keys=outcome.needs_restart)
