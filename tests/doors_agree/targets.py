"""What there is to ask of two equal gateways, as data: methods, with right parameters for every kind of upstream."""

import base64
from typing import Any

from tests.contract.pairs import KINDS, RAW, Kind
from tests.doors_agree.exchange import Headers
from tests.upstreams.messages import LEGACY, MODERN
from tests.upstreams.raw.tools import VERBATIM

GIVEN = "given"
EXTRA = (GIVEN, VERBATIM)
"""Tools that raw upstreams offer beside their own: one says what arguments it got, one answers what it is told to."""

SCOPES = {"<all>": ["*"], "<few>": ["modern:read", "session_given", "own_shout"]}
"""The keys of each gateway, by what stands for them in a request; so do `<all session>` and `<few session>`."""

Request = tuple[str, dict[str, Any]]

_TOOLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("echo", {"text": "hello"}),
    ("add", {"a": 1, "b": 2.5}),
    ("fail", {"message": "failed"}),
    ("progress", {"steps": 2}),
    ("log", {"level": "warning", "message": "logged"}),
)
_RAW_TOOLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("error", {"code": -32001, "message": "wrong"}),
    ("error", {"code": -32002, "message": "wrong"}),
    ("error", {"code": -32602, "message": "wrong"}),
    ("error", {"code": 7, "message": "wrong"}),
    ("ask", {"question": "why"}),
    ("image", {}),
    ("link", {}),
    ("unknown_content", {}),
    ("header", {"region": "eu"}),
    (GIVEN, {}),
    (GIVEN, {"deep": [1, {"two": None}]}),
)
_OWN: tuple[Request, ...] = (
    ("tools/call", {"name": "own_shout", "arguments": {"text": "hello"}}),
    ("tools/call", {"name": "own_shout", "arguments": {"text": 5}}),
    ("tools/call", {"name": "own_shout_twice", "arguments": {"text": "hello"}}),
    ("tools/call", {"name": "own_crash", "arguments": {}}),
    ("tools/call", {"name": "own_nothing", "arguments": {}}),
    ("resources/read", {"uri": "text://own/notes"}),
    ("resources/read", {"uri": "text://own/items/1"}),
    ("resources/read", {"uri": "config://server"}),
    ("resources/read", {"uri": "status://system"}),
    ("prompts/get", {"name": "own_greet", "arguments": {"name": "Ada"}}),
    ("prompts/get", {"name": "own_greet", "arguments": {}}),
)
_OTHER: tuple[Request, ...] = (
    ("tools/list", {}),
    ("tools/list", {"cursor": "nobody's"}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("prompts/list", {}),
    ("ping", {}),
    ("server/discover", {}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "own_greet"}, "argument": {"name": "x", "value": ""}},
    ),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "modern_greet"}, "argument": {"name": "style", "value": "f"}},
    ),
    ("subscriptions/listen", {"notifications": {"toolsListChanged": True}}),
    ("tasks/get", {"taskId": "nobody's"}),
    ("logging/setLevel", {"level": "debug"}),
    ("resources/subscribe", {"uri": "text://modern/raw/notes"}),
    ("unknown/method", {}),
    ("notifications/cancelled", {"requestId": 1}),
)


def _of_kind(kind: Kind) -> list[Request]:
    space, home = kind.namespace, kind.home
    calls = [*_TOOLS, *(_RAW_TOOLS if kind.is_raw else ())]
    return [
        *(("tools/call", {"name": f"{space}_{tool}", "arguments": arguments}) for tool, arguments in calls),
        ("resources/read", {"uri": f"text://{space}/{home}/notes"}),
        ("resources/read", {"uri": f"text://{space}/{home}/items/1"}),
        ("resources/read", {"uri": f"text://{space}/{home}/nothing"}),
        ("prompts/get", {"name": f"{space}_greet", "arguments": {"name": "Ada"}}),
        ("prompts/get", {"name": f"{space}_greet"}),
    ]


UPSTREAMS: tuple[Request, ...] = tuple(request for kind in KINDS for request in _of_kind(kind))
ALL: tuple[Request, ...] = (*UPSTREAMS, *_OWN, *_OTHER)
"""Every method, at everybody who can answer it."""
TALKING: tuple[Request, ...] = tuple(
    (method, params) for method, params in UPSTREAMS if params.get("name", "").endswith(("_progress", "_log"))
)
VERBATIM_TOOLS: tuple[str, ...] = tuple(f"{kind.namespace}_{VERBATIM}" for kind in RAW)

NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId"}


def modern_headers(method: str, params: dict[str, Any], key: str = "<all>") -> Headers:
    """The headers that a right request has."""
    name = params.get(NAMED_BY.get(method, ""))
    return (
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("authorization", key),
        ("mcp-protocol-version", MODERN),
        ("mcp-method", method),
        *((("mcp-name", in_header(name)),) if isinstance(name, str) else ()),
    )


def session_of(key: str) -> str:
    """What stands for the legacy session of that key's owner."""
    return key.replace(">", " session>")


def legacy_headers(key: str = "<all>", version: str = LEGACY) -> Headers:
    """Those of a request in a legacy session."""
    return (
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("authorization", key),
        ("mcp-protocol-version", version),
        ("mcp-session-id", session_of(key)),
    )


def in_header(name: str) -> str:
    """A name as it stands in a header, in Base64 where it would not come through as it is."""
    if name.isascii() and name.isprintable() and name == name.strip():
        return name
    return f"=?base64?{base64.b64encode(name.encode('utf-8', 'surrogatepass')).decode()}?="
