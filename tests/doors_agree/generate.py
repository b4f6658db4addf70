"""Requests of every kind, right and wrong: what is drawn is mostly right, with a few things about it that are odd."""

import base64
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.doors_agree.exchange import Headers, Sent
from tests.doors_agree.targets import (
    ALL,
    NAMED_BY,
    TALKING,
    UPSTREAMS,
    VERBATIM_TOOLS,
    Request,
    in_header,
    legacy_headers,
    modern_headers,
)
from tests.upstreams.messages import LEGACY, MODERN, modern_meta

PREFIX = "io.modelcontextprotocol/"
LARGEST_BODY = 4 * 1024 * 1024
VERSIONS = (MODERN, LEGACY, "2025-06-18", "2024-11-05", "2099-01-01", "", "draft", f" {MODERN}", MODERN.encode().hex())
ODD_TEXTS = (
    "",
    " ",
    "\x00",
    "\n",
    "é",
    "名",
    "😀",
    "\ud800",
    "a\udfff",
    "../..",
    "%2e%2e%2f",
    '"',
    "\\",
    "x" * 300,
    "\u202e",
)
ODD_NUMBERS = (2**53, 2**63, 2**64, -(2**63) - 1, 10**30, 0.1, -0.0, 1e308, 1.0, float("nan"), float("inf"))

texts = st.text(max_size=8) | st.sampled_from(ODD_TEXTS)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(ODD_NUMBERS)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
ids = st.integers(1, 9) | st.text("abc", min_size=1, max_size=3)
any_ids = scalars | st.sampled_from([[], {}, [1], {"a": 1}, 2**31, "1", -1, 0])
levels = st.sampled_from(["debug", "info", "notice", "warning", "error", "emergency", "loud", "DEBUG", "", 3, None, []])
infos = st.sampled_from([
    {"name": "test", "version": "1"}, {"name": "test"}, {}, None, [], "test", {"name": 5, "version": None},
    {"name": "test", "version": "1", "title": "T", "vendor": {"a": 1}},
    {"name": "test", "version": "1", "icons": [{"src": "x"}]},
    {"name": "test", "version": "1", "websiteUrl": "no url"}, {"name": "", "version": ""},
])  # fmt: skip
capabilities = st.sampled_from([
    {}, None, [], "all", {"elicitation": {}}, {"elicitation": {"form": {}, "url": {}}}, {"elicitation": None},
    {"elicitation": {"form": True}}, {"sampling": {}, "roots": {}}, {"sampling": {"tools": {}}},
    {"roots": {"listChanged": 1}},
    {"vendor": {"a": 1}}, {"extensions": {"com.example/x": {}}}, {"extensions": {"com.example/x": None}},
    {"extensions": []}, {"experimental": {"a": {}}}, {"experimental": {"a": 1}}, {"tasks": {}},
    {"extensions": {"io.modelcontextprotocol/tasks": {}}},
    {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["x"]}}},
])  # fmt: skip
METAS: dict[str, SearchStrategy[Any]] = {
    f"{PREFIX}protocolVersion": st.sampled_from([*VERSIONS, None, 1]),
    f"{PREFIX}clientInfo": infos,
    f"{PREFIX}clientCapabilities": capabilities,
    f"{PREFIX}logLevel": levels,
    f"{PREFIX}subscriptionId": values,
    f"{PREFIX}serverInfo": infos,
    f"{PREFIX}related-task": st.sampled_from([{"taskId": "x"}, None, 1]),
    f"{PREFIX}unheard": values,
    "progressToken": any_ids,
    "com.example/kept": values,
    "": values,
    "traceparent": st.sampled_from(["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "", 5, "00-zz"]),
    "tracestate": st.sampled_from(["a=b", "", None]),
    "baggage": st.sampled_from(["a=b", None, {}]),
}
MEMBERS = ("task", "inputResponses", "requestState", "cursor", "x", "name", "uri", "arguments", "_meta", "ref", "")
task_params = st.sampled_from([{}, {"ttl": 5}, None, 1, {"ttl": "x"}])

Draw = Callable[[SearchStrategy[Any]], Any]


class Draft:
    """A right request, to be made odd."""

    def __init__(self, era: str, request: Request, id: Any, key: str):
        method, params = request
        meta = modern_meta() if era == "modern" else {}
        self.params: Any = {**params, **({"_meta": meta} if meta else {})}
        self.message: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "method": method, "params": self.params}
        self.headers: Headers = modern_headers(method, params, key) if era == "modern" else legacy_headers(key)

    def can_be_odder(self) -> bool:
        """Whether its parts are still where they were."""
        return (
            isinstance(self.message["method"], str)
            and self.message["params"] is self.params
            and isinstance(self.params.get("_meta", {}), dict)
            and "id" in self.message
        )

    def rename(self, name: Any) -> None:
        """Ask for something of another name, which the header says too where it can."""
        key = NAMED_BY.get(self.message["method"], "name")
        self.params[key] = name
        if isinstance(name, str):
            self.replace_header("mcp-name", in_header(name))

    def replace_header(self, name: str, *said: str) -> None:
        had = any(each == name for each, _ in self.headers)
        others = tuple(pair for pair in self.headers if pair[0] != name)
        self.headers = (*others, *((name, value) for value in said)) if had else self.headers


def odd_id(draft: Draft, draw: Draw) -> None:
    draft.message["id"] = draw(any_ids)


def no_id(draft: Draft, draw: Draw) -> None:
    del draft.message["id"]


def odd_meta(draft: Draft, draw: Draw) -> None:
    keys = draw(st.lists(st.sampled_from(sorted(METAS)), min_size=1, max_size=3, unique=True))
    meta = draft.params.setdefault("_meta", {})
    meta.update({key: draw(METAS[key]) for key in keys})


def useful_meta(draft: Draft, draw: Draw) -> None:
    meta = draft.params.setdefault("_meta", {})
    meta["progressToken"] = draw(st.sampled_from([1, 0, -1, "", "token", "é", 2**53]))
    meta[f"{PREFIX}logLevel"] = draw(st.sampled_from(["debug", "warning", "error"]))


def lacking_meta(draft: Draft, draw: Draw) -> None:
    meta = draft.params.setdefault("_meta", {})
    meta.pop(draw(st.sampled_from(sorted(modern_meta()))), None)


def no_meta(draft: Draft, draw: Draw) -> None:
    draft.params["_meta"] = draw(values)


def more_params(draft: Draft, draw: Draw) -> None:
    draft.params[draw(st.sampled_from(MEMBERS))] = draw(values | task_params)


def odd_params(draft: Draft, draw: Draw) -> None:
    draft.message["params"] = draw(st.sampled_from([None, [], [1], "x", 5, {}]))


def odd_arguments(draft: Draft, draw: Draw) -> None:
    draft.params["arguments"] = draw(values | st.dictionaries(texts, values, max_size=3))


def other_name(draft: Draft, draw: Draw) -> None:
    name = draft.params.get(NAMED_BY.get(draft.message["method"], "name"), "")
    before, after, odd = str(name), draw(st.sampled_from(["", "/", "?", "#", "_", "%20", "//", "__echo"])), draw(texts)
    draft.rename(draw(st.sampled_from([before + odd, odd + before, odd, before + after, before.upper()])))


def odd_name(draft: Draft, draw: Draw) -> None:
    draft.rename(draw(values))


def odd_member(draft: Draft, draw: Draw) -> None:
    draft.message[draw(st.sampled_from(["jsonrpc", "method", "result", "error", "x"]))] = draw(
        st.sampled_from(["2.0", "1.0", "", None, 2, {}, [], "tools/call", "tools/list"])
    )


HEADERS: dict[str, tuple[str, ...]] = {
    "mcp-method": ("tools/call", "tools/list", "TOOLS/CALL", "", "resources/read", "=?base64?dG9vbHMvY2FsbA==?="),
    "mcp-name": ("modern_echo", "", "=?base64?bW9kZXJuX2VjaG8=?=", "=?base64?!!?=", "=?base64?bW9kZXJuX2VjaG8?=", "é"),
    "mcp-protocol-version": VERSIONS,
    "accept": (
        "application/json, text/event-stream", "text/event-stream, application/json", "*/*", "application/json",
        "text/event-stream", "", "text/html", "application/*, text/*", "application/json;q=0, text/event-stream",
        "APPLICATION/JSON, TEXT/EVENT-STREAM",
    ),
    "content-type": (
        "application/json", "application/json; charset=utf-8", "text/plain", "", "application/json;",
        "APPLICATION/JSON",
        "application/json; charset=utf-16", "application/x-www-form-urlencoded",
    ),
    "mcp-session-id": ("<all session>", "<few session>", "nobody's", "", "é"),
    "authorization": ("<all>", "<few>", "Basic eDp5"),
    "content-encoding": ("gzip", "identity", ""),
    "last-event-id": ("1", ""),
    "mcp-param-region": ("eu", "us", "=?base64?ZXU=?="),
    "traceparent": ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""),
    "x-http-method-override": ("GET",),
}  # fmt: skip


def other_header(draft: Draft, draw: Draw) -> None:
    name = draw(st.sampled_from(sorted(HEADERS)))
    said = draw(st.lists(st.sampled_from(HEADERS[name]), max_size=2))
    others = tuple(pair for pair in draft.headers if pair[0] != name)
    draft.headers = (*others, *((name, value) for value in said))


def header_twice(draft: Draft, draw: Draw) -> None:
    draft.headers = (*draft.headers, draw(st.sampled_from(draft.headers)))


def encoded_name(draft: Draft, draw: Draw) -> None:
    name = draft.params.get(NAMED_BY.get(draft.message["method"], ""))
    if isinstance(name, str):
        draft.replace_header("mcp-name", f"=?base64?{base64.b64encode(name.encode()).decode()}?=")


ODD_DRAFTS = (
    odd_id, no_id, odd_meta, odd_meta, useful_meta, useful_meta, lacking_meta, no_meta, more_params, more_params,
    odd_params, odd_arguments, odd_arguments, other_name, other_name, odd_name, odd_member, other_header, other_header,
    header_twice, encoded_name,
)  # fmt: skip

# What becomes of the JSON of a request, as bytes.
ODD_BODIES: dict[str, Callable[[bytes], bytes]] = {
    "twice a name": lambda body: body.replace(b'"name":', b'"name": "own_shout", "name":', 1),
    "twice an id": lambda body: body.replace(b'"id":', b'"id": 77, "id":', 1),
    "twice params": lambda body: body[:-1] + b', "params": {}}',
    "twice meta": lambda body: body.replace(b'"_meta":', b'"_meta": {}, "_meta":', 1),
    "a batch": lambda body: b"[" + body + b"]",
    "a batch of two": lambda body: b"[" + body + b"," + body + b"]",
    "an empty batch": lambda body: b"[]",
    "nothing": lambda body: b"",
    "a mark of byte order": lambda body: b"\xef\xbb\xbf" + body,
    "UTF-16": lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    "no UTF-8": lambda body: body.replace(b'"jsonrpc"', b'"\xff\xfe": 1, "jsonrpc"', 1),
    "raw surrogate": lambda body: body.replace(b'"jsonrpc"', b'"\xed\xa0\x80": 1, "jsonrpc"', 1),
    "more behind it": lambda body: body + b" {}",
    "a line behind it": lambda body: b"\n " + body + b"\r\n",
    "half of it": lambda body: body[: len(body) // 2],
    "a comment": lambda body: b"/* */" + body,
    "an extra comma": lambda body: body[:-1] + b",}",
    "single quotes": lambda body: body.replace(b'"', b"'"),
    "a control character": lambda body: body.replace(b'"jsonrpc"', b'"a\tb": 1, "jsonrpc"', 1),
    "a null character": lambda body: body + b"\x00",
    "100 levels": lambda body: _with(body, b"[" * 100 + b"]" * 100),
    "300 levels": lambda body: _with(body, b"[" * 300 + b"]" * 300),
    "2,000 levels": lambda body: _with(body, b'{"a":' * 2000 + b"1" + b"}" * 2000),
    "100,000 levels": lambda body: _with(body, b"[" * 100_000 + b"]" * 100_000),
    "a long number": lambda body: _with(body, b"9" * 5000),
    "a long fraction": lambda body: _with(body, b"0." + b"3" * 400),
    "a large exponent": lambda body: _with(body, b"1e999"),
    "a negative zero": lambda body: _with(body, b"-0"),
    "an exponent of a whole number": lambda body: _with(body, b"1E2"),
    "no number": lambda body: _with(body, b"NaN"),
    "2,000 keys": lambda body: _with(body, b"{" + b",".join(b'"k%d":1' % each for each in range(2000)) + b"}"),
    "a body that just fits": lambda body: body + b" " * (LARGEST_BODY - len(body)),
    "a body that is a byte too large": lambda body: body + b" " * (LARGEST_BODY + 1 - len(body)),
}


def _with(body: bytes, value: bytes) -> bytes:
    """The body with one more argument, or parameter."""
    for place in (b'"arguments": {', b'"params": {'):
        if place in body:
            comma = b", " if body[body.index(place) + len(place) :].lstrip()[:1] != b"}" else b""
            return body.replace(place, place + b'"odd": ' + value + comma, 1)
    return body


@st.composite
def requests(draw: DrawFn, era: str = "modern", oddities: int = 2) -> Sent:
    """Requests of one era, odd in so many ways at most."""
    pools = st.sampled_from([ALL, UPSTREAMS, TALKING])
    key = draw(st.sampled_from(["<all>", "<all>", "<all>", "<few>"]))
    draft = Draft(era, draw(pools.flatmap(st.sampled_from)), draw(ids), key)
    for make_odd in draw(st.lists(st.sampled_from(ODD_DRAFTS), max_size=oddities)):
        if draft.can_be_odder():
            make_odd(draft, draw)
    return Sent(draft.headers, _encoded(draft.message, draw(st.booleans())))


def _encoded(message: Any, is_ascii: bool) -> bytes:
    return json.dumps(message, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")


@st.composite
def broken(draw: DrawFn) -> Sent:
    """Requests whose bytes are not what they should be."""
    sent = draw(requests(draw(st.sampled_from(["modern", "modern", "legacy"])), oddities=0))
    return sent._replace(body=ODD_BODIES[draw(st.sampled_from(sorted(ODD_BODIES)))](sent.body))


@st.composite
def in_pieces(draw: DrawFn) -> Sent:
    """Right requests that come in pieces, and some that never come whole."""
    sent = draw(requests(draw(st.sampled_from(["modern", "modern", "legacy"])), oddities=0))
    places = st.integers(0, len(sent.body))
    kept = draw(st.none() | st.none() | places)
    return sent._replace(cuts=tuple(draw(st.lists(places, max_size=5))), kept=kept, chunked=draw(st.booleans()))


BLOCKS: tuple[Any, ...] = (
    {"type": "text", "text": "plain"},
    {"type": "text", "text": "é\u2028😀"},
    {"type": "text", "text": "x", "vendor": {"a": 1}, "annotations": {"priority": 1, "vendor": 2}},
    {"type": "text", "text": "x", "annotations": None, "_meta": {"com.example/kept": None}},
    {"type": "text"},
    {"type": "text", "text": 5},
    {"type": "image", "data": "AAAA", "mimeType": "image/png"},
    {"type": "image", "data": "no base64!", "mimeType": "image/png"},
    {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
    {"type": "hologram", "beams": [1, 2.50, None]},
    {"type": "resource_link", "uri": "text://raw/notes", "name": "notes", "size": 1},
    {"type": "resource_link", "uri": "no uri", "name": "notes"},
    {"type": "resource", "resource": {"uri": "urn:x", "text": "x"}},
    {"type": "resource", "resource": {"uri": "urn:x", "blob": "AAAA", "mimeType": "a/b"}},
    {"type": "resource", "resource": {"uri": "urn:x"}},
    {},
    None,
    "text",
    5,
    [],
)
contents = st.lists(st.sampled_from(BLOCKS), max_size=3) | st.sampled_from([None, 5, "x", {}])
RESULTS: dict[str, SearchStrategy[Any]] = {
    "structuredContent": values,
    "isError": st.sampled_from([True, False, None, 1, 0, "yes", "no", "true"]),
    "_meta": st.dictionaries(st.sampled_from(["a/b", f"{PREFIX}serverInfo", f"{PREFIX}x", ""]), values, max_size=2),
    "vendor": values,
    "resultType": st.sampled_from(["complete", "input_required", "task", "hologram", None, 5]),
    "inputRequests": st.sampled_from(
        [
            {},
            None,
            {
                "a": {
                    "method": "elicitation/create",
                    "params": {"message": "x", "requestedSchema": {"type": "object", "properties": {}}},
                }
            },
        ]
    ),
    "requestState": st.sampled_from(["state", None, 5]),
    "ttlMs": st.integers(-1, 10),
}
TOLD: dict[str, SearchStrategy[Any]] = {
    "notifications/progress": st.fixed_dictionaries(
        {"progressToken": st.just("{token}"), "progress": st.sampled_from([1, 1.5, 0, -1, "1", None, True, 2**60])},
        optional={"total": st.sampled_from([2, 2.0, None, "x"]), "message": texts, "vendor": values, "_meta": values},
    ),
    "notifications/message": st.fixed_dictionaries(
        {"level": st.sampled_from(["debug", "warning", "error", "loud", None])},
        optional={"data": values, "logger": st.none() | texts, "vendor": values, "_meta": values},
    ),
    "notifications/tools/list_changed": st.just({}),
    "notifications/unheard": st.just({"a": 1}),
}


@st.composite
def odd_results(draw: DrawFn) -> Sent:
    """Right calls whose upstream answers oddly, and tells odd things before."""
    arguments = {"result": draw(st.fixed_dictionaries({"content": contents}, optional=RESULTS))}
    method = st.sampled_from(sorted(TOLD))
    before = draw(
        st.lists(method.flatmap(lambda each: TOLD[each].map(lambda p: {"method": each, "params": p})), max_size=2)
    )
    request = (
        "tools/call",
        {"name": draw(st.sampled_from(VERBATIM_TOOLS)), "arguments": {**arguments, "before": before}},
    )
    draft = Draft(draw(st.sampled_from(["modern", "modern", "modern", "legacy"])), request, draw(ids), "<all>")
    if draw(st.booleans()):
        useful_meta(draft, draw)
    return Sent(draft.headers, _encoded(draft.message, True))
