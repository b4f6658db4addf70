"""The sink that logs calls: one line for each, without its arguments or its answer."""

import logging

from gateway.model.event import CallEvent, Outcome
from gateway.observe.logs import get_logger

LEVELS: dict[Outcome, int] = {
    "ok": logging.INFO,
    "cancelled": logging.INFO,
    "tool_error": logging.WARNING,
    "refused": logging.WARNING,
    "error": logging.WARNING,
}

log = get_logger("gateway.calls")


def log_call(event: CallEvent) -> None:
    """Write one finished call down; `seconds` is to the microsecond."""
    log.log(
        LEVELS[event.outcome],
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
