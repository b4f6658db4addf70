"""What a modern request asks, where it is one that the express door can take as it stands.

Nothing is refused here. Whatever is odd in any way is left to the main door, which knows how to say what is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import mcp_types as types
import orjson
from mcp.shared.inbound import NAME_BEARING_METHODS, decode_header_value
from mcp_types.methods import validate_client_request
from pydantic import ValidationError

from gateway.doors.headers import Headers
from gateway.doors.requests import has_long_number
from gateway.upstream.messages import Id
from gateway.upstream.relay import LEVELS
from gateway.upstream.session import (
    META_CAPABILITIES,
    META_CLIENT,
    META_LOG_LEVEL,
    META_PROTOCOL,
    META_RESERVED,
    MODERN,
)

KNOWN: Final = frozenset({META_PROTOCOL, META_CLIENT, META_CAPABILITIES, META_LOG_LEVEL, "progressToken"})
REMEMBERED_CLIENTS = 1024
LONGEST_CLIENT: Final = 4096


@dataclass(init=False, slots=True)
class Inbound:
    """One request: `params` as they came, and what its `_meta` says of the client."""

    id: Final[Id]
    method: Final[str]
    params: Final[dict[str, Any]]
    meta: Final[dict[str, Any]]
    capabilities: Final[Mapping[str, Any]]

    def __init__(
        self, id: Id, method: str, params: dict[str, Any], meta: dict[str, Any], capabilities: Mapping[str, Any]
    ):
        self.id = id
        self.method = method
        self.params = params
        self.meta = meta
        self.capabilities = capabilities

    @property
    def log_level(self) -> str | None:
        return self.meta.get(META_LOG_LEVEL)

    @property
    def progress_token(self) -> Id | None:
        return self.meta.get("progressToken")


def modern_request(headers: Headers, body: bytes) -> Inbound | None:
    """The request in `body`, whose `headers` agree with it; None for anything else."""
    if has_long_number(body):
        return None
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(message) is not dict or message.get("jsonrpc") != "2.0":
        return None
    id, method, params = message.get("id"), message.get("method"), message.get("params")
    if not (type(id) is int or type(id) is str) or type(method) is not str or type(params) is not dict:
        return None
    meta = params.get("_meta")
    if type(meta) is not dict or not _headers_agree(headers, method, params):
        return None
    capabilities = _capabilities(meta)
    return Inbound(id, method, params, meta, capabilities) if capabilities is not None else None


def _headers_agree(headers: Headers, method: str, params: dict[str, Any]) -> bool:
    """Whether the routing headers say what the body says (`basic/transports/streamable-http`, Request Metadata)."""
    if headers.get(b"mcp-method") != method.encode("utf-8", "surrogatepass"):
        return False
    key = NAME_BEARING_METHODS.get(method)
    if key is None:
        return True
    name, said = params.get(key), headers.get(b"mcp-name")
    if type(name) is not str or said is None:
        return False
    text = said.decode("latin-1")
    return (text if "=?" not in text else decode_header_value(text)) == name


def _capabilities(meta: dict[str, Any]) -> Mapping[str, Any] | None:
    """What the client declares in a `_meta` that holds to the schema; None where it does not, or may not."""
    if meta.get(META_PROTOCOL) != MODERN or type(meta.get("progressToken", 0)) not in (int, str):
        return None
    if meta.get(META_LOG_LEVEL, LEVELS[0]) not in LEVELS:
        return None
    if not meta.keys() <= KNOWN and any(key.startswith(META_RESERVED) for key in meta.keys() - KNOWN):
        return None
    try:
        client = orjson.dumps([meta.get(META_CLIENT), meta.get(META_CAPABILITIES)])
    except orjson.JSONEncodeError:  # it does not write as deep as it reads
        return None
    return _declared(client) if len(client) <= LONGEST_CLIENT else None


@lru_cache(REMEMBERED_CLIENTS)
def _declared(client: bytes) -> Mapping[str, Any] | None:
    """The capabilities in `client`, its name and capabilities as JSON, in the shape that the SDK makes of them."""
    info, capabilities = orjson.loads(client)
    meta = {META_PROTOCOL: MODERN, META_CAPABILITIES: capabilities} | ({META_CLIENT: info} if info is not None else {})
    try:
        validate_client_request("server/discover", MODERN, {"_meta": meta})
        return types.ClientCapabilities.model_validate(capabilities).model_dump(
            by_alias=True, mode="json", exclude_none=True
        )
    except ValidationError:
        return None
