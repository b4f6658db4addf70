"""The sink that logs calls: one line for each, without its arguments or its answer."""

import asyncio
import atexit
import dataclasses
import json
import logging
import sys
from contextlib import suppress
from functools import lru_cache
from typing import Final

from gateway.model.event import CallEvent, Outcome
from gateway.observe.logs import get_logger, of_process, writes_json
from gateway.observe.redact import REDACTOR
from gateway.observe.times import to_milliseconds

LEVELS: Final[dict[Outcome, int]] = {
    "ok": logging.INFO,
    "cancelled": logging.INFO,
    "tool_error": logging.WARNING,
    "refused": logging.WARNING,
    "error": logging.WARNING,
}

# What nearly all lines of a caller's calls to one name have in common.
FIELDS = tuple(each.name for each in dataclasses.fields(CallEvent))[3:]

log = get_logger("gateway.calls")
LOGGER: Final = logging.getLogger("gateway.calls")


class CallLog:
    """Writes finished calls down. The lines of one turn of the event loop are written at once, at its end."""

    def __init__(self) -> None:
        self._events: list[CallEvent] = []
        atexit.register(self.flush)

    def __call__(self, event: CallEvent) -> None:
        self._events.append(event)
        if len(self._events) == 1:
            self._flush_soon()

    def _flush_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # no loop runs, so no turn ends
            self.flush()

    def flush(self) -> None:
        """Write what is there."""
        if not self._events:
            return
        events, self._events = self._events, []
        as_json = {level: writes_json(LOGGER, level) for level in set(LEVELS.values())}
        lines = []
        for event in events:
            level = LEVELS[event.outcome]
            if as_json[level]:
                lines.append(_line(event, level))
            else:
                _log(event, level)
        with suppress(OSError, ValueError):  # stderr is full, or closed: there is nobody to tell
            sys.stderr.write("".join(lines))


def _log(event: CallEvent, level: int) -> None:
    """Write one down as every other line is; `seconds` is to the microsecond."""
    log.log(
        level,
        "call",
        request_id=event.request_id,
        outcome=event.outcome,
        error=event.error,
        kind=event.kind,
        name=event.name,
        namespace=event.namespace,
        owner=event.owner,
        subject=event.subject,
        proof=event.proof,
        era=event.era,
        seconds=round(event.seconds, 6),
    )


def _line(event: CallEvent, level: int) -> str:
    """The same line as a formatter makes, at a twentieth of the cost: nearly all of it is as in the last call."""
    ended = event.at + event.seconds
    about = (
        event.kind,
        event.owner,
        event.namespace,
        event.name,
        event.subject,
        event.proof,
        event.era,
        event.outcome,
        event.error,
    )
    return (
        f'{{"timestamp": "{to_milliseconds(ended)}", '
        f'"request_id": "{event.request_id}", "seconds": {event.seconds:.6f}, {_rest(level, about, REDACTOR.version)}'
    )


@lru_cache(4096)
def _rest(level: int, about: tuple[str, ...], redaction: int) -> str:
    """What a line says of the call itself, without secrets, as they are known at this state of `redaction`."""
    fields = dict(zip(FIELDS, about, strict=True))
    common = {"level": logging.getLevelName(level).lower(), "logger": log.name, "event": "call"}
    return json.dumps(REDACTOR.fields(common | of_process | fields))[1:] + "\n"
