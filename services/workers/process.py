"""The life of a worker process: jobs from standard input, one JSON object a line; answers, a line and a block each.

Run by the engine as `python -m MODULE LIMITS`, with LIMITS as JSON. A job has a `verb` and that verb's arguments; an
answer has a `result` or an `error`, and `last: true` when the process ends after it. In front of an answer stands the
length of the block of bytes that follows its line.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from services.workers.job import ENVELOPE_BYTES, Limits, encode

if sys.platform != "win32":
    import resource

INTERPRETER_BYTES = 128 * 2**20
GRACE_SECONDS = 1.0

T = TypeVar("T")
L = TypeVar("L", bound=Limits)


def serve(
    kind: type[L], prepare: Callable[[L], T], perform: Callable[[T, L, dict[str, Any]], tuple[dict, bytes]]
) -> None:
    """Answers jobs with `perform` until input ends or an answer is the last. `prepare` makes ready for the next job,
    before that is here."""
    limits = kind(**json.loads(sys.argv[1]))
    _confine(limits)
    # The answers get standard output to themselves: what a library may print goes to standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    ready = prepare(limits)
    for line in sys.stdin.buffer:
        # The engine kills a late worker. The alarm ends one whose engine is gone, since nothing else would.
        _set_alarm(limits.timeout + GRACE_SECONDS)
        reply, block = perform(ready, limits, json.loads(line))
        _set_alarm(0)
        answers.write(b"%d %b\n" % (len(block), _bounded(reply, limits)))
        answers.write(block)
        answers.flush()
        if reply.get("last"):
            return
        ready = prepare(limits)


def _bounded(reply: dict[str, Any], limits: Limits) -> bytes:
    line = encode(reply)
    if len(line) > limits.max_bytes + ENVELOPE_BYTES:
        return encode({"error": "The result is too large. Ask for less of it with the tool query."})
    return line


def _confine(limits: Limits) -> None:
    """Takes the last means from a job that gets past its library's own limits.

    DuckDB counts its blocks but not single values: `repeat`, `range` and their like take what they want. At twice the
    limit, and room for the interpreter, the operating system refuses (Linux does; others don't count this way). A file
    can't grow past what a result may have.
    """
    if sys.platform == "win32":
        return
    _lower(resource.RLIMIT_DATA, 2 * limits.memory_limit + INTERPRETER_BYTES)
    _lower(resource.RLIMIT_FSIZE, limits.max_bytes)
    # A crash must not leave the data behind in a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _lower(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _set_alarm(seconds: float) -> None:
    """The kernel ends the process after `seconds`, whatever it is at; 0 calls that off."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
