"""What a legacy client's message says, where it is one that the express door can take as it stands.

Nothing is refused here. Whatever is odd in any way is left to the main door, which knows how to say what is wrong.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.doors.requests import KINDS, NAMES, has_long_number, is_call
from gateway.model.route import Kind
from gateway.upstream.messages import Id
from gateway.upstream.session import META_RESERVED


@dataclass(init=False, slots=True)
class LegacyCall:
    """A tool call, read or prompt: `params` as they came, with a `_meta` that they may have had."""

    id: Final[Id]
    kind: Final[Kind]
    name: Final[str]
    params: Final[dict[str, Any]]
    meta: Final[dict[str, Any]]

    def __init__(self, id: Id, kind: Kind, name: str, params: dict[str, Any], meta: dict[str, Any]):
        self.id = id
        self.kind = kind
        self.name = name
        self.params = params
        self.meta = meta

    @property
    def progress_token(self) -> Id | None:
        return self.meta.get("progressToken")


def message_in(body: bytes) -> dict[str, Any]:
    """The message in `body`; an empty one for anything else, a batch too."""
    if has_long_number(body):
        return {}
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return message if type(message) is dict and message.get("jsonrpc") == "2.0" else {}


def call_in(message: dict[str, Any]) -> LegacyCall | None:
    """The call that a message is, if it is one."""
    id: Any = message.get("id")
    params = message.get("params")
    kind = KINDS.get(message["method"]) if type(message.get("method")) is str else None
    if kind is None or type(id) not in (int, str) or type(params) is not dict or not is_call(kind, params):
        return None
    name, meta = params.get(NAMES[kind]), params.get("_meta", {})
    if type(name) is not str or type(meta) is not dict or type(meta.get("progressToken", 0)) not in (int, str):
        return None
    if meta and any(key.startswith(META_RESERVED) for key in meta):
        return None
    return LegacyCall(id, kind, name, params, meta)
