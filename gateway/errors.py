"""Every failure the gateway names, and the one table that turns it into the wire's code and HTTP status.

Codes follow the 2026-07-28 specification (`basic/index`, Error Codes): the standard JSON-RPC codes where they
fit, and otherwise our own outside the reserved range, each the HTTP status times a hundred plus a counter, so that
`code // 100` is the status and no code of the protocol's range is ever invented.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

INVALID_PARAMS = -32602
METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603

# Codes of earlier revisions, which a server must not send any more (`basic/index`, Error Codes), and what says it now.
RETIRED = {
    -32002: INVALID_PARAMS,  # resource not found
    -32042: 50203,  # URL elicitation required; as `UpstreamError`
}

STANDARD_STATUS = {
    -32700: 400,
    -32600: 400,
    -32601: 404,
    -32602: 400,
    -32603: 500,
    -32020: 400,
    -32021: 400,
    -32022: 400,
}


def http_status(code: int) -> int:
    """The HTTP status that goes with a JSON-RPC error code; 200 for a code that an upstream chose itself."""
    if code in STANDARD_STATUS:
        return STANDARD_STATUS[code]
    status = code // 100
    return status if 400 <= status <= 599 else 200


class GatewayError(Exception):
    """A failure with a name: what failed, why, and what to do next.

    `kind` is the stable word used in metrics, logs and `data.kind`; `code` the JSON-RPC error code. Neither the
    message nor `data` ever holds a value or a secret that a caller or an upstream sent.
    """

    kind: ClassVar[str] = "internal"
    code: ClassVar[int] = INTERNAL_ERROR
    data: Any
    """An object, but for what an upstream answered, where it may be anything."""

    def __init__(self, message: str, **data: Any):
        super().__init__(message)
        self.message = message
        self.data = {"kind": self.kind, **{key: value for key, value in data.items() if value is not None}}


class UnknownName(GatewayError):
    """No tool, prompt or resource of that name in the catalog."""

    kind = "unknown_name"
    code = INVALID_PARAMS


class InvalidRequest(GatewayError):
    """The request's parameters cannot be understood."""

    kind = "invalid_params"
    code = INVALID_PARAMS


class Unauthenticated(GatewayError):
    """No credential, or one that does not hold."""

    kind = "unauthenticated"
    code = 40100


class Forbidden(GatewayError):
    """The principal lacks a scope; `data.required_scopes` names every one that would do."""

    kind = "forbidden"
    code = 40300


class CannotListen(GatewayError):
    """The address to serve at cannot be had, or must not be. `data.in_use` tells that somebody else has it."""

    kind = "cannot_listen"


class ServiceBroken(GatewayError):
    """A service of our own offers what cannot be served."""

    kind = "service_broken"


class Stopping(GatewayError):
    """The gateway ends before the call did. It is not known whether the call ran."""

    kind = "stopping"
    code = 50304


class AuditUnavailable(GatewayError):
    """The call could not be written to the audit, which is required; nothing ran."""

    kind = "audit_unavailable"
    code = 50305


class WorkerLost(GatewayError):
    """The process of the gateway that had the session ended. It is not known whether the call ran."""

    kind = "worker_lost"
    code = 50206


class UpstreamError(GatewayError):
    """One upstream could not answer; `data.upstream` is its namespace."""

    kind = "upstream_failed"
    code = 50203

    def __init__(self, upstream: str, message: str, **data: Any):
        super().__init__(f"Upstream '{upstream}' {message}", upstream=upstream, **data)
        self.upstream = upstream
        self.reason = message


class UpstreamDown(UpstreamError):
    """It could not be reached; nothing was sent. `data.since` is the UTC time it was first found so."""

    kind = "upstream_down"
    code = 50301


class UpstreamBusy(UpstreamError):
    """A bound on its calls is reached: in flight and in queue, and nothing was sent; or waiting for an answer."""

    kind = "upstream_busy"
    code = 50302


class UpstreamSuspended(UpstreamError):
    """It failed too often in a row and is left alone; nothing was sent.

    `data.since` is the UTC time since when, `data.retry_after` the seconds until it is tried again.
    """

    kind = "upstream_suspended"
    code = 50303


class UpstreamTimeout(UpstreamError):
    """No answer within the deadline. It is not known whether the call ran."""

    kind = "upstream_timeout"
    code = 50401


class UpstreamLost(UpstreamError):
    """The connection ended after the call was sent. It is not known whether the call ran."""

    kind = "upstream_lost"
    code = 50205


class CallGone(UpstreamError):
    """The call that an answer is for does not wait any more. It is not known whether the call ran."""

    kind = "call_gone"
    code = 41000


class UpstreamBroken(UpstreamError):
    """It answered something that is not the protocol."""

    kind = "upstream_broken"
    code = 50202


class UpstreamTooLarge(UpstreamError):
    """Its answer passed the byte limit and was cut off."""

    kind = "upstream_too_large"
    code = 50204


class UpstreamRefused(UpstreamError):
    """It did not accept the credential configured for it."""

    kind = "upstream_refused"
    code = 50201


class UpstreamLimited(UpstreamError):
    """It answered 429; `data.retry_after` is in seconds where it said so."""

    kind = "upstream_limited"
    code = 42902


UPSTREAM_CODES = frozenset(
    kind.code
    for kind in (
        UpstreamError, UpstreamDown, UpstreamBusy, UpstreamSuspended, UpstreamTimeout, UpstreamLost,
        UpstreamBroken, UpstreamTooLarge, UpstreamRefused, UpstreamLimited, CallGone,
    )
)  # fmt: skip


class UpstreamAnswered(GatewayError):
    """A JSON-RPC error that the upstream itself returned: code, message and data go on as they came.

    A code that only earlier revisions have becomes the one that took its place; `received` is what came.
    """

    kind = "upstream_error"

    def __init__(self, code: int, message: str, data: Any = None):
        Exception.__init__(self, message)
        self.message = message
        self.received = code
        self.code = RETIRED.get(code, code)  # ty: ignore[invalid-attribute-access]  # the one error whose code is not ours
        self.data = data


class SessionLost(Exception):
    """The upstream no longer knows this session (404); nothing ran, so one new session may try again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a configuration: where it stands, what is wrong, and the cure."""

    file: str
    key: str
    problem: str
    cure: str = ""

    def __str__(self) -> str:
        text = f"{self.file}: {self.key}: {self.problem}" if self.key else f"{self.file}: {self.problem}"
        return f"{text}\n    {self.cure}" if self.cure else text


class ConfigurationError(Exception):
    """All faults of a configuration together; nothing was applied. `files`, if known, are those it was read from."""

    of: ClassVar[str] = "configuration"

    def __init__(self, faults: Sequence[Fault], files: Iterable[Path] = ()):
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)
        self.files = frozenset(files)


class WorkflowError(ConfigurationError):
    """All faults of a workflow together; nothing was called."""

    of = "workflow"
