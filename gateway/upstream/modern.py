"""A modern upstream over HTTP: no session, every request whole in itself (2026-07-28, `basic/transports`)."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from mcp.shared.inbound import NAME_BEARING_METHODS, encode_header_value

from gateway.errors import UpstreamBroken, UpstreamLost
from gateway.upstream import messages
from gateway.upstream.http_wire import HttpWire
from gateway.upstream.session import (
    CLIENT_INFO,
    META_CAPABILITIES,
    META_CLIENT,
    META_LOG_LEVEL,
    META_PROTOCOL,
    MODERN,
    SILENT,
    Listener,
    ServerFacts,
    Session,
    result_of,
)

UNSUPPORTED_VERSION = -32022
# Only a modern server knows these codes (`basic/index`, Error Codes).
MODERN_ERRORS = frozenset({-32020, -32021, UNSUPPORTED_VERSION})
NO_FACTS = ServerFacts(version=MODERN, capabilities={})


def modern_params(params: dict[str, Any], listener: Listener, progress_token: messages.Id) -> dict[str, Any]:
    """`params` with the `_meta` that a modern request owes, made anew: nothing in it is the caller's own."""
    meta = dict(params.get("_meta") or {})
    meta[META_PROTOCOL] = MODERN
    meta[META_CLIENT] = CLIENT_INFO
    meta[META_CAPABILITIES] = dict(listener.capabilities)
    if listener.log_level is not None:
        meta[META_LOG_LEVEL] = listener.log_level
    if listener.progress:
        meta["progressToken"] = progress_token
    return {**params, "_meta": meta}


def modern_headers(method: str, params: Mapping[str, Any]) -> dict[str, str]:
    """The headers that mirror the body (`basic/transports/streamable-http`, Request Metadata)."""
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    key = NAME_BEARING_METHODS.get(method)
    if key is not None and isinstance(params.get(key), str):
        headers["Mcp-Name"] = encode_header_value(params[key])
    return headers


class ModernSession(Session):
    """Stands for the upstream as a whole: it holds connections and no state, so anyone may share it."""

    era = "modern"
    transport = "http"
    stateful = False

    def __init__(self, wire: HttpWire):
        self._wire = wire
        self._ids = count(1)
        self.facts = NO_FACTS

    def __repr__(self) -> str:
        return f"<ModernSession {self._wire.namespace}>"

    async def discover(self) -> None:
        """Ask what the upstream is; `facts` hold the answer."""
        found = await self.request("server/discover", {}, SILENT, {})
        self.facts = discovered(found)

    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        id = next(self._ids)
        body = messages.request(id, method, modern_params(params, listener, id))
        async with self._wire.post(body, {**modern_headers(method, params), **headers}) as reply:
            async for message in reply.messages:
                if isinstance(message, messages.Notification):
                    await listener.notify(message.method, message.params)
                elif isinstance(message, messages.Response):
                    return result_of(self._own(message, id, reply.status))
        raise UpstreamLost(self._wire.namespace, "ended its answer without a result. It is not known whether it ran.")

    def _own(self, message: messages.Response, id: messages.Id, status: int) -> messages.Response:
        unread = message.id is None and message.error is not None and status >= 400
        if message.id != id and not unread:
            raise UpstreamBroken(self._wire.namespace, "answered another request than ours. Report this to its makers.")
        return message

    async def close(self) -> None:
        self.closed = True


def discovered(result: Mapping[str, Any]) -> ServerFacts:
    """The facts in a `server/discover` result."""
    meta = result.get("_meta")
    info = meta.get("io.modelcontextprotocol/serverInfo") if isinstance(meta, dict) else None
    capabilities = result.get("capabilities")
    instructions = result.get("instructions")
    return ServerFacts(
        version=MODERN,
        capabilities=capabilities if isinstance(capabilities, dict) else {},
        instructions=instructions if isinstance(instructions, str) else "",
        info=info if isinstance(info, dict) else {},
    )
