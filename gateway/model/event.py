"""The frozen record of one finished call."""

from dataclasses import dataclass
from typing import Final, Literal

from gateway.model.route import Kind, Owner

Outcome = Literal["ok", "tool_error", "refused", "error", "cancelled"]


@dataclass(init=False, slots=True)
class CallEvent:
    """One finished call, as every sink receives it.

    `at` is when it began (POSIX seconds), `seconds` how long it took. `outcome` is `ok`; `tool_error` for a result
    with `isError`; `refused` by the guard; `error` with the error's kind in `error`; or `cancelled` by the caller.
    """

    request_id: Final[str]
    at: Final[float]
    seconds: Final[float]
    kind: Final[Kind]
    owner: Final[Owner]
    namespace: Final[str]
    name: Final[str]
    subject: Final[str]
    proof: Final[str]
    era: Final[str]
    outcome: Final[Outcome]
    error: Final[str]

    def __init__(
        self,
        request_id: str,
        at: float,
        seconds: float,
        kind: Kind,
        owner: Owner,
        namespace: str,
        name: str,
        subject: str,
        proof: str,
        era: str,
        outcome: Outcome,
        error: str = "",
    ):
        self.request_id = request_id
        self.at = at
        self.seconds = seconds
        self.kind = kind
        self.owner = owner
        self.namespace = namespace
        self.name = name
        self.subject = subject
        self.proof = proof
        self.era = era
        self.outcome = outcome
        self.error = error
