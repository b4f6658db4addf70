"""The sink that keeps calls for whoever asks later: one chained line for each, without its arguments or its answer.

A line is written at once, so that no end of the process loses one: that costs less than what keeping it would save.
"""

import json
import time
from functools import lru_cache
from typing import Any

from gateway.errors import AuditUnavailable
from gateway.model.call import Call
from gateway.model.event import CallEvent
from gateway.observe.audit_file import AuditFile
from gateway.observe.logs import get_logger
from gateway.observe.redact import REDACTOR
from gateway.observe.times import to_microseconds

FIELDS = ("kind", "owner", "namespace", "name", "subject", "proof", "era")

log = get_logger(__name__)


class Audit:
    """Call it with each finished call. Where it is `required`, `begin` comes before each call.

    A line that cannot be written is lost, counted, and told in the log and by the next line that can be; but `begin`
    refuses a call of which nothing would be known.
    """

    def __init__(self, file: AuditFile, required: bool):
        self.required = required
        self._file = file
        self.written = 0
        self.lost = 0
        self._untold = 0
        self._why = ""

    def __repr__(self) -> str:
        return f"<Audit written={self.written} lost={self.lost} {self._file!r}>"

    def begin(self, call: Call, at: float) -> None:
        """Write that a call begins.

        Raises:
            AuditUnavailable: it cannot be written.
        """
        route, principal = call.route, call.principal
        about = (
            route.kind, route.owner, route.namespace, route.public, principal.subject, principal.proof, call.era
        )  # fmt: skip
        if not self._write("begun", call.request_id, at, about, at):
            raise AuditUnavailable(
                f"Nothing was run, for it could not be written to the audit ({self._why}). Try again later; whoever "
                "runs the gateway finds the reason in its log."
            )

    def __call__(self, event: CallEvent) -> None:
        if event.error == AuditUnavailable.kind:
            return  # what did not begin has no end
        end = f', "seconds": {event.seconds:.6f}, "outcome": "{event.outcome}", "error": "{event.error}"'
        about = (
            event.kind, event.owner, event.namespace, event.name, event.subject, event.proof, event.era
        )  # fmt: skip
        if not self._write("call", event.request_id, event.at, about, event.at + event.seconds, end):
            self.lost += 1
            self._untold += 1

    def state(self) -> dict[str, Any]:
        """For status and metrics; `why` is empty while lines can be written."""
        return {"required": self.required, "lines": self.written, "lost": self.lost, "why": self._why}

    def close(self) -> None:
        """Write that this was the end."""
        self._file.close(time.time())

    def _write(
        self, record: str, request_id: str, at: float, about: tuple[str, ...], now: float, end: str = ""
    ) -> bool:
        """Whether the line is written."""
        rest = _rest(about, REDACTOR.version)
        line = f'"record": "{record}", "at": "{to_microseconds(at)}", "request_id": "{request_id}", {rest}{end}'
        try:
            if self._untold:
                self._file.append(f'"record": "lost", "at": "{to_microseconds(now)}", "lines": {self._untold}', now)
                self._untold = 0
            self._file.append(line, now)
        except OSError as error:
            self._failed(error.strerror or str(error))
            return False
        self.written += 1
        if self._why:
            self._why = ""
            log.warning("the audit is written again", lost=self.lost)
        return True

    def _failed(self, why: str) -> None:
        if why != self._why:
            becomes = "calls are refused" if self.required else "lines are lost"
            log.error(f"the audit cannot be written: {becomes}", why=why, folder=str(self._file.folder))
            self._why = why


@lru_cache(4096)
def _rest(about: tuple[str, ...], redaction: int) -> str:
    """What a line says of the call itself, without secrets, as they are known at this state of `redaction`."""
    return json.dumps(REDACTOR.fields(dict(zip(FIELDS, about, strict=True))))[1:-1]
