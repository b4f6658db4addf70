"""Logs: one handler at the root, to stderr, through which everything passes: ours, FastMCP's, uvicorn's, warnings.

Nothing else writes, so nothing gets around the redaction that happens there. JSON lines, or text on a terminal.
"""

import json
import logging
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import fastmcp
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import StackInfoRenderer, format_exc_info
from structlog.stdlib import BoundLogger, PositionalArgumentsFormatter, ProcessorFormatter, filter_by_level
from structlog.typing import EventDict, WrappedLogger

from gateway.config.model import LogConfig
from gateway.observe.redact import REDACTOR, redact
from gateway.observe.request_ids import request_id

LONGEST_LINE = 8 * 1024
CORE_FIELDS = ("timestamp", "level", "logger", "event", "request_id", "exception")
OTHER_HANDLERS = ("fastmcp", "uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi", "py.warnings")
TALKATIVE = ("httpx", "httpx2", "httpcore", "httpcore2")
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
CONTROLS_BUT_NEWLINE = {code: shown for code, shown in CONTROLS.items() if code != ord("\n")}

OUR_PROCESSORS = (filter_by_level, PositionalArgumentsFormatter(), ProcessorFormatter.wrap_for_formatter)

of_process: dict[str, Any] = {}
"""Fields that every line of this process has."""


def get_logger(name: str) -> BoundLogger:
    """A logger that takes fields: `get_logger("gateway.calls").info("call", seconds=0.2)`.

    It never prints by itself, as an unconfigured structlog does: on stdio that would break the protocol.
    """
    return structlog.wrap_logger(logging.getLogger(name), processors=OUR_PROCESSORS, wrapper_class=BoundLogger)


def configure(config: LogConfig, secrets: Iterable[str] = ()) -> None:
    """Take over all logging of the process, and keep `secrets` out of it; can be called again.

    uvicorn must be started with `log_config=None`, or it installs handlers of its own.
    """
    redact(secrets)
    fastmcp.settings.log_enabled = False  # or FastMCP puts its own handlers back whenever it runs a server
    handler = StderrHandler()
    handler.writes_json = not is_console(config)
    handler.setFormatter(formatter(config))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.level)
    for name in OTHER_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    if sys.excepthook is sys.__excepthook__:  # a host that set its own hook keeps it
        sys.excepthook = _log_uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_uncaught_in_thread


def writes_json(logger: logging.Logger, level: int) -> bool:
    """Whether the process writes lines of JSON, and would write one of this level.

    Then one that is known to hold no secret need not go through logging; there are too many of calls.
    """
    handlers = logging.root.handlers
    if len(handlers) != 1 or not isinstance(handlers[0], StderrHandler) or not handlers[0].writes_json:
        return False
    return logger.isEnabledFor(level)


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment, and never shows a line that could not be formatted."""

    writes_json = False

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Mention it; logging's own would print the message and its arguments, without redaction."""
        error = type(sys.exception()).__name__
        line = {"level": "error", "logger": record.name, "event": f"A log line could not be written: {error}"}
        with suppress(OSError, ValueError, AttributeError):  # stderr is closed, or there is none: nobody to tell
            sys.stderr.write(json.dumps(line) + "\n")


def is_console(config: LogConfig) -> bool:
    """Whether lines are for a person to read."""
    return config.format == "console" or (config.format == "auto" and sys.stderr.isatty())


def formatter(config: LogConfig) -> ProcessorFormatter:
    """What turns every record, structlog's or not, into a line of text without secrets."""
    rendering = (_render_text(sys.stderr.isatty()),) if is_console(config) else (_render_json,)
    described = (_describe, format_exc_info, StackInfoRenderer(), _redact)
    return ProcessorFormatter(processors=[*described, *rendering], pass_foreign_args=True)


def _describe(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The fields that every line has, first; an access line of uvicorn taken apart, its query left out."""
    record: logging.LogRecord = event.pop("_record")
    del event["_from_structlog"]
    arguments = event.pop("positional_args", None)
    if record.name == "uvicorn.access" and isinstance(arguments, tuple) and len(arguments) == 5:
        client, method, path, version, status = arguments
        path = str(path).partition("?")[0]
        event = {"event": "request", "client": client, "method": method, "path": path, "status": status}
        event["http"] = version
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    common = {"timestamp": at, "level": record.levelname.lower(), "logger": record.name, "event": event.pop("event")}
    if identity := request_id.get():
        common["request_id"] = identity
    return {**common, **of_process, **event}


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return REDACTOR.fields(dict(event))


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    line = json.dumps(event)
    length = len(line)
    room = LONGEST_LINE // 2
    while len(line) > LONGEST_LINE:
        core = {name: _shortened(str(event[name]), room) for name in CORE_FIELDS if name in event}
        line = json.dumps({**core, "cut_from": length})
        room //= 2
    return line


def _shortened(text: str, room: int) -> str:
    """Both ends of a text: a traceback says what happened in its last line."""
    return text if len(text) <= room else f"{text[: room // 2]} [cut] {text[-(room // 2) :]}"


def _render_text(is_terminal: bool) -> structlog.typing.Processor:
    renderer = ConsoleRenderer(colors=is_terminal, exception_formatter=plain_traceback)

    def render(logger: WrappedLogger, name: str, event: EventDict) -> str:
        for field, value in event.items():
            if isinstance(value, str):  # a control character could write over what stands on the terminal
                event[field] = value.translate(CONTROLS_BUT_NEWLINE if field == "exception" else CONTROLS)
        return _shortened(renderer(logger, name, event), LONGEST_LINE)

    return render


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("gateway").critical("Uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(thrown: threading.ExceptHookArgs) -> None:
    if thrown.exc_value is not None:
        _log_uncaught(thrown.exc_type, thrown.exc_value, thrown.exc_traceback)
