"""The frozen record of one finished call."""

from typing import Literal, NamedTuple

from gateway.model.route import Kind, Owner

Outcome = Literal["ok", "tool_error", "refused", "error", "cancelled"]


class CallEvent(NamedTuple):
    """One finished call, as every sink receives it.

    `at` is when it began (POSIX seconds), `seconds` how long it took. `outcome` is `ok`; `tool_error` for a result
    with `isError`; `refused` by the guard; `error` with the error's kind in `error`; or `cancelled` by the caller.
    """

    request_id: str
    at: float
    seconds: float
    kind: Kind
    owner: Owner
    namespace: str
    name: str
    subject: str
    proof: str
    era: str
    outcome: Outcome
    error: str = ""
