"""A handshake that passes through: which session it opens, and what its client declares."""

from collections.abc import Callable, Mapping
from typing import Any

import mcp_types as types
import orjson
from pydantic import ValidationError
from starlette.types import Message, Send

from gateway.doors.bodies import MAX_BODY
from gateway.doors.legacy.sessions import Session
from gateway.doors.legacy.transport import Transport
from gateway.model.principal import Principal
from gateway.upstream.session import LEGACY_VERSIONS


def handshake_in(body: bytes) -> dict[str, Any] | None:
    """The `initialize` request in `body`, if it is one."""
    if b'"initialize"' not in body:
        return None
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return message if type(message) is dict and message.get("method") == "initialize" else None


class Opening:
    """Watches the answer to a handshake, and has a session added before the client hears of it.

    Args:
        transport_of: finds the transport of a session id.
        add: takes the session.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        principal: Principal,
        transport_of: Callable[[str], Transport | None],
        add: Callable[[Session], None],
    ):
        self._request = request
        self._principal = principal
        self._transport_of = transport_of
        self._add = add
        self._session_id = ""
        self._said: bytes | None = b""

    def watched(self, send: Send) -> Send:
        """`send`, looked at on the way."""

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                self._session_id = headers.get(b"mcp-session-id", b"").decode("latin-1")
                if message["status"] != 200 or not self._session_id:
                    self._said = None
            elif self._said is not None:
                self._hear(message.get("body", b""))
            await send(message)

        return watching

    def _hear(self, text: bytes) -> None:
        assert self._said is not None
        self._said += text
        result = _result_in(self._said, self._request.get("id"))
        if result is not None:
            self._said = None
            self._open(result)
        elif len(self._said) > MAX_BODY:
            self._said = None

    def _open(self, result: Mapping[str, Any]) -> None:
        version, transport = result.get("protocolVersion"), self._transport_of(self._session_id)
        if transport is None or version not in LEGACY_VERSIONS:
            return
        try:
            params = types.InitializeRequestParams.model_validate(self._request.get("params"), by_name=False)
        except ValidationError:
            return
        declared = params.capabilities.model_dump(by_alias=True, mode="json", exclude_none=True)
        self._add(Session(self._session_id, self._principal.subject, str(version), declared, transport))


def _result_in(said: bytes, id: Any) -> dict[str, Any] | None:
    """The result of request `id` in an answer, or the beginning of one: a stream of whole events, or JSON."""
    for line in said.split(b"\n")[:-1] if said.startswith((b"id:", b"event:", b"data:", b":")) else [said]:
        text = line.removeprefix(b"data:").strip()
        if not text.startswith(b"{"):
            continue
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if type(message) is dict and message.get("id") == id and type(message.get("result")) is dict:
            return message["result"]
    return None
