"""A modern upstream over HTTP: no session, every request whole in itself (2026-07-28, `basic/transports`)."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import count
from typing import Any, Final

from mcp.shared.inbound import NAME_BEARING_METHODS, encode_header_value

from gateway.errors import UpstreamAnswered, UpstreamBroken, UpstreamLost
from gateway.upstream import messages, tasks
from gateway.upstream.http1 import header_block
from gateway.upstream.http_wire import HttpWire, Reply
from gateway.upstream.listener import SILENT, Listener, Notify
from gateway.upstream.results import modern_result
from gateway.upstream.session import (
    CLIENT_INFO,
    LEGACY_VERSIONS,
    META_CAPABILITIES,
    META_CLIENT,
    META_LOG_LEVEL,
    META_PROTOCOL,
    META_SERVER,
    MODERN,
    UNKNOWN,
    ServerFacts,
    Session,
    is_own,
)

UNSUPPORTED_VERSION = -32022
# Only a modern server knows these codes (`basic/index`, Error Codes).
MODERN_ERRORS = frozenset({-32020, -32021, UNSUPPORTED_VERSION})
# Which parameter `Mcp-Name` repeats (`basic/transports/streamable-http`; of tasks, SEP-2663, Routing Headers).
NAMED_BY: Final = {**NAME_BEARING_METHODS, **dict.fromkeys(tasks.METHODS, "taskId")}
NO_FACTS = ServerFacts(version=MODERN, capabilities={})
NOT_MODERN = f'does not speak {MODERN}. Leave era out of its configuration, or set it to "legacy".'


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


@lru_cache(4096)
def routing_headers(method: str, name: str | None) -> bytes:
    """The headers that mirror the body (`basic/transports/streamable-http`, Request Metadata), as bytes."""
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    if name is not None:
        headers["Mcp-Name"] = encode_header_value(name)
    return header_block(headers)


def _named(method: str, params: Mapping[str, Any]) -> str | None:
    name = params.get(NAMED_BY[method]) if method in NAMED_BY else None
    return name if isinstance(name, str) else None


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

    async def describe(self) -> ServerFacts:
        """Asked each time: without a handshake the upstream may have become another since.

        Raises:
            UpstreamBroken: it is no modern server, or none any more.
        """
        try:
            found = await self._discover()
        except UpstreamAnswered as error:
            if speaks_modern(error):
                raise
            raise UpstreamBroken(self._wire.namespace, NOT_MODERN) from error
        if not offers_modern(found):
            raise UpstreamBroken(self._wire.namespace, NOT_MODERN)
        self.facts = discovered(found)
        return self.facts

    async def _discover(self) -> dict[str, Any]:
        """A refusal that names the very version we speak is worth one more try (`basic/versioning`)."""
        try:
            return await self.request("server/discover", {}, SILENT, {})
        except UpstreamAnswered as error:
            if MODERN not in _supported(error):
                raise
        return await self.request("server/discover", {}, SILENT, {})

    async def request(
        self, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        id = next(self._ids)
        body = messages.request(id, method, modern_params(params, listener, id))
        routing = routing_headers(method, _named(method, params))
        with await self._wire.post(body, routing + header_block(headers) if headers else routing) as reply:
            only = reply.only()
            if only is not None:
                response = self._own(only, id, reply.status)
            else:
                response = await self._final(reply, id, listener)
        return modern_result(self._wire.namespace, response)

    async def _final(self, reply: Reply, id: messages.Id, listener: Listener) -> messages.Response:
        async for message in reply.incoming:
            if isinstance(message, messages.Notification):
                if is_own(message, id, self.misbehaved):
                    await listener.notify(message.method, message.params)
            elif isinstance(message, messages.Response):
                return self._own(message, id, reply.status)
        raise UpstreamLost(self._wire.namespace, f"ended its answer without a result. {UNKNOWN}")

    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        await self.request("subscriptions/listen", listen_params(uris), Listener(notify=notify), {})

    def _own(self, message: messages.Response, id: messages.Id, status: int) -> messages.Response:
        if message.id is None and message.error is not None and status >= 400:
            code = message.error["code"]
            if code in MODERN_ERRORS:
                return message
            # A legacy server says so of a request that it could not take for one of its own.
            raise UpstreamBroken(self._wire.namespace, f"refused a modern request unread (error {code}). Nothing ran.")
        if message.id != id:
            raise UpstreamBroken(self._wire.namespace, f"answered another request than ours. {UNKNOWN}")
        return message

    async def close(self) -> None:
        self.closed = True


def listen_params(uris: Collection[str]) -> dict[str, Any]:
    """What a `subscriptions/listen` of ours asks for (`basic/patterns/subscriptions`, Notification Filter)."""
    lists = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}
    return {"notifications": {**lists, **({"resourceSubscriptions": list(uris)} if uris else {})}}


def offers_modern(result: Mapping[str, Any]) -> bool:
    """Whether a `server/discover` result names the modern version; servers of both eras may offer only older ones."""
    versions = result.get("supportedVersions")
    return isinstance(versions, list) and MODERN in versions


def speaks_modern(error: UpstreamAnswered) -> bool:
    """Whether an error in answer to `server/discover` can only come from a modern server, without an older version."""
    if error.code != UNSUPPORTED_VERSION:
        return error.code in MODERN_ERRORS
    supported = _supported(error)
    return bool(supported) and not any(v in LEGACY_VERSIONS for v in supported)


def _supported(error: UpstreamAnswered) -> list[str]:
    """The versions that a refusal of ours names (`basic/versioning`, UnsupportedProtocolVersionError)."""
    data = error.data if error.code == UNSUPPORTED_VERSION and isinstance(error.data, dict) else {}
    supported = data.get("supported")
    return [each for each in supported if isinstance(each, str)] if isinstance(supported, list) else []


def discovered(result: Mapping[str, Any]) -> ServerFacts:
    """The facts in a `server/discover` result."""
    meta = result.get("_meta")
    info = meta.get(META_SERVER) if isinstance(meta, dict) else None
    capabilities = result.get("capabilities")
    instructions = result.get("instructions")
    return ServerFacts(
        version=MODERN,
        capabilities=capabilities if isinstance(capabilities, dict) else {},
        instructions=instructions if isinstance(instructions, str) else "",
        info=info if isinstance(info, dict) else {},
    )
