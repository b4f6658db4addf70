"""Check that the headers of a modern request say what its body says (basic/transports/streamable-http)."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from tests.upstreams.raw.wire import HEADER_MISMATCH, Json, RpcError, meta_of, params_of

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"

NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""Which parameter Mcp-Name repeats."""


def check_headers(message: Json, headers: Mapping[str, str]) -> None:
    """`headers` by lower-case name. Raises RpcError -32020 for the first that differs from the body.

    Repeated ones come joined, and so differ.
    """
    _expect("mcp-protocol-version", headers.get("mcp-protocol-version"), meta_of(message).get(PROTOCOL_VERSION))
    _expect("mcp-method", headers.get("mcp-method"), message["method"])
    if message["method"] in NAMED_BY:
        _expect("mcp-name", _plain(headers, "mcp-name"), params_of(message).get(NAMED_BY[message["method"]]))


def check_param_headers(schema: Json, arguments: Json, headers: Mapping[str, str]) -> None:
    """Each `x-mcp-header` of the schema: header and argument agree, or neither is there (null counts as absent)."""
    for path, name in _annotated(schema, ()):
        value = _at(arguments, path)
        sent = _plain(headers, f"mcp-param-{name.lower()}")
        if value is None and sent is None:
            continue
        if value is None or sent is None or not _same(value, sent):
            raise _mismatch(f"Mcp-Param-{name} does not match {'.'.join(path)}")


def _annotated(schema: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, child in schema.get("properties", {}).items():
        if "x-mcp-header" in child:
            yield (*path, key), child["x-mcp-header"]
        yield from _annotated(child, (*path, key))


def _at(arguments: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        arguments = arguments.get(key) if isinstance(arguments, dict) else None
    return arguments


def _same(value: Any, sent: str) -> bool:
    if isinstance(value, bool):
        return sent == str(value).lower()
    if isinstance(value, int | float):
        return _number(sent) == value
    return sent == value


def _number(sent: str) -> float | None:
    try:
        return float(sent)
    except ValueError:
        return None


def _plain(headers: Mapping[str, str], name: str) -> str | None:
    """The value with its base64 form undone. Raises RpcError when that form is malformed."""
    value = headers.get(name)
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _mismatch(f"{name} is malformed base64") from None


def _expect(name: str, sent: str | None, wanted: Any) -> None:
    if sent is None or sent != wanted:
        raise _mismatch(f"{name} is missing" if sent is None else f"{name} does not match the body")


def _mismatch(why: str) -> RpcError:
    return RpcError(HEADER_MISMATCH, f"Header mismatch: {why}")
