"""Who is calling through the main door, and how to speak back to it while its call runs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastmcp.server.context import Context
from fastmcp.server.dependencies import get_access_token
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from gateway.doors.midcall import ASKABLE, LogLevels, notification
from gateway.errors import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, Unauthenticated, UpstreamAnswered
from gateway.model.principal import STDIO, Principal
from gateway.policy.proof import principal_of
from gateway.upstream.asking import ANSWER_SECONDS, may_ask
from gateway.upstream.listener import SILENT, Era, Listener
from gateway.upstream.session import META_LOG_LEVEL, VISITED
from gateway.upstream.sharing import Caller


class Incoming(NamedTuple):
    """One request as the main door sees it."""

    principal: Principal
    era: Era
    caller: Caller
    listener: Listener
    meta: Mapping[str, Any]


def current_principal(context: Context) -> Principal:
    """Who calls: the process's owner over stdio, whoever the token proves over HTTP, otherwise loopback.

    Raises:
        Unauthenticated: a request over HTTP without a token, where there is authentication.
    """
    if context.transport == "stdio":
        return STDIO
    token = get_access_token()
    if token is None and context.transport is not None and context.fastmcp.auth is not None:
        raise Unauthenticated("Give a key: Authorization: Bearer gw_…")  # FastMCP asks first: this is the second lock
    return principal_of(token)


def era_of(context: Context) -> Era:
    """The era of the request that `context` is about; of a call from code, the modern one."""
    request = context.request_context
    is_modern = request is None or request.protocol_version in MODERN_PROTOCOL_VERSIONS
    return "modern" if is_modern else "legacy"


def incoming(context: Context, levels: LogLevels) -> Incoming:
    """The request that `context` is about; without one (a call from code) nobody listens."""
    principal = current_principal(context)
    request = context.request_context
    if request is None:
        return Incoming(principal, "modern", Caller(principal.subject), SILENT, {})
    era = era_of(context)
    session_id = context.session_id if era == "legacy" else None
    meta = request.meta or {}
    return Incoming(
        principal,
        era,
        Caller(principal.subject, session_id),
        _listener(context, meta, levels.get(session_id) if session_id is not None else None),
        meta,
    )


def _listener(context: Context, meta: Mapping[str, Any], legacy_level: str | None) -> Listener:
    request = context.request_context
    assert request is not None
    session, request_id, token = request.session, request.request_id, meta.get("progressToken")
    declared = session.client_capabilities
    capabilities = declared.model_dump(by_alias=True, mode="json", exclude_none=True) if declared else {}

    async def notify(method: str, params: dict[str, Any]) -> None:
        told: Any = notification(method, params, token)
        if told is not None:
            # A visit may be done when the call is long over: that is told beside it.
            await session.send_notification(told, related_request_id=request_id if method != VISITED else None)

    async def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method not in ASKABLE or not may_ask(capabilities, method, params):  # nobody there would answer
            raise UpstreamAnswered(METHOD_NOT_FOUND, "Method not found")
        request_type, result_type = ASKABLE[method]
        try:
            question: Any = request_type.model_validate({"method": method, "params": params})
        except ValidationError:
            raise UpstreamAnswered(INVALID_PARAMS, f"The params are not those of {method}") from None
        try:
            metadata = ServerMessageMetadata(related_request_id=request_id)
            answer = await session.send_request(question, result_type, ANSWER_SECONDS, metadata)
        except MCPError as error:
            raise UpstreamAnswered(error.error.code, error.error.message, error.error.data) from error
        except ValidationError:
            raise UpstreamAnswered(INTERNAL_ERROR, f"The client's answer is no result of {method}") from None
        return answer.model_dump(by_alias=True, mode="json", exclude_none=True)

    return Listener(
        notify=notify,
        ask=ask,
        era="legacy" if legacy_level is not None else "modern",
        capabilities=capabilities,
        log_level=legacy_level or meta.get(META_LOG_LEVEL),
        progress=token is not None,
    )
