"""Revision 2026-07-28 apart from its transport: what a request must carry, and what a result carries."""

from typing import Any

from tests.upstreams.raw.behaviour import METHODS, TASK_METHODS, Behaviour
from tests.upstreams.raw.caller import CLIENT_CAPABILITIES, ModernCaller
from tests.upstreams.raw.headers import PROTOCOL_VERSION
from tests.upstreams.raw.streams import Stream
from tests.upstreams.raw.tasks import EXTENSION
from tests.upstreams.raw.wire import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    LEGACY,
    METHOD_NOT_FOUND,
    MODERN,
    UNSUPPORTED_VERSION,
    InputRequired,
    Json,
    RpcError,
    TaskMade,
    answer,
    meta_of,
    notification,
    params_of,
)

CACHEABLE = ("server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list")
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"

_FILTERS = {
    "notifications/tools/list_changed": "toolsListChanged",
    "notifications/prompts/list_changed": "promptsListChanged",
    "notifications/resources/list_changed": "resourcesListChanged",
}

_CAPABILITIES = {
    "tools": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "prompts": {},
    "logging": {},
    "completions": {},
}


def versions(behaviour: Behaviour) -> list[str]:
    return [MODERN, *LEGACY] if behaviour.settings.era == "both" else [MODERN]


def says_modern(message: Any) -> bool:
    """Whether a message carries the `_meta` that only modern requests have."""
    return isinstance(message, dict) and PROTOCOL_VERSION in meta_of(message)


def check_request(message: Any) -> None:
    """The envelope and its required `_meta` (basic/index). Raises RpcError."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str):
        raise RpcError(INVALID_REQUEST, "The body must be one JSON-RPC request or notification")
    if isinstance(message.get("id"), bool) or not isinstance(message.get("id"), str | int):
        raise RpcError(INVALID_REQUEST, "The id must be a string or an integer")
    meta = meta_of(message)
    if missing := [key for key in (PROTOCOL_VERSION, CLIENT_CAPABILITIES) if key not in meta]:
        raise RpcError(INVALID_PARAMS, f"params._meta lacks {', '.join(missing)} (this server speaks {MODERN})")
    if not isinstance(meta[PROTOCOL_VERSION], str) or not isinstance(meta[CLIENT_CAPABILITIES], dict):
        raise RpcError(INVALID_PARAMS, "params._meta has fields of a wrong type")


def check_version(behaviour: Behaviour, message: Json) -> None:
    requested = meta_of(message)[PROTOCOL_VERSION]
    if requested != MODERN:
        about = {"supported": versions(behaviour), "requested": requested}
        raise RpcError(UNSUPPORTED_VERSION, "Unsupported protocol version", about)


def check_method(behaviour: Behaviour, message: Json) -> None:
    known = (*METHODS, *(TASK_METHODS if behaviour.settings.tasks else ()), "server/discover", "subscriptions/listen")
    if message["method"] not in known:
        raise RpcError(METHOD_NOT_FOUND, "Method not found", {"method": message["method"]})


async def answered(behaviour: Behaviour, message: Json, caller: ModernCaller) -> Json:
    """The final message for a checked request that is no `subscriptions/listen`."""
    try:
        result = await _result(behaviour, message, caller)
    except InputRequired as need:
        asked = {"resultType": "input_required", "inputRequests": need.requests, "requestState": need.state}
        return answer(message["id"], _signed(behaviour, asked))
    except TaskMade as made:
        return answer(message["id"], _signed(behaviour, {"resultType": "task", **made.state}))
    except RpcError as failure:
        return failure.answer(message["id"])
    return answer(message["id"], completed(behaviour, message["method"], result))


async def _result(behaviour: Behaviour, message: Json, caller: ModernCaller) -> Json:
    if message["method"] != "server/discover":
        return await behaviour.perform(message["method"], params_of(message), caller)
    extensions = {"extensions": {EXTENSION: {}}} if behaviour.settings.tasks else {}
    known = {"supportedVersions": versions(behaviour), "capabilities": {**_CAPABILITIES, **extensions}}
    return {**known, "instructions": behaviour.instructions}


def completed(behaviour: Behaviour, method: str, result: Json) -> Json:
    """A result as the modern era has it: its type, caching hints where they must be, who we are."""
    control = behaviour.switch.control
    hints: Json = {}
    if method in CACHEABLE or method == "resources/read":
        hints = {"ttlMs": control.ttl_ms, "cacheScope": control.cache_scope}
    return behaviour.as_told(method, _signed(behaviour, {"resultType": "complete", **result, **hints}))


def _signed(behaviour: Behaviour, result: Json) -> Json:
    return {**result, "_meta": {**result.get("_meta", {}), SERVER_INFO: behaviour.server_info}}


class Subscription:
    """One `subscriptions/listen` (basic/patterns/subscriptions): acknowledged at once, then fed with what it asked for.

    `stream` gets all its messages, and ends with it.
    """

    def __init__(self, behaviour: Behaviour, message: Json, stream: Stream):
        wanted = params_of(message).get("notifications")
        if not isinstance(wanted, dict):
            raise RpcError(INVALID_PARAMS, "params.notifications must be an object")
        self._behaviour = behaviour
        self._id = message["id"]
        self._wanted = wanted
        self._stream = stream
        self._put("notifications/subscriptions/acknowledged", {"notifications": wanted})
        behaviour.listeners.add(self)

    def tell(self, method: str, params: Json) -> None:
        wanted = self._wanted
        named = ((params.get("taskId"), "taskIds"), (params.get("uri"), "resourceSubscriptions"))
        if wanted.get(_FILTERS.get(method)) or any(name in wanted.get(list_, ()) for name, list_ in named):
            self._put(method, params)

    def end(self, *, politely: bool) -> None:
        """Close it: with the result that says so, or by cutting the connection."""
        if politely:
            result = {"resultType": "complete", "_meta": {SUBSCRIPTION_ID: self._id}}
            self._stream.put(answer(self._id, _signed(self._behaviour, result)))
        self.close(dropped=not politely)

    def close(self, *, dropped: bool = False) -> None:
        self._behaviour.listeners.discard(self)
        self._stream.end(dropped=dropped)

    def _put(self, method: str, params: Json) -> None:
        self._stream.put(notification(method, {**params, "_meta": {SUBSCRIPTION_ID: self._id}}))
