"""How an upstream can break the protocol, as data: what the raw one is told, and what must be said of it.

`{NETWORK}` stands for an address where somebody listens, whom nobody may call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.pairs import Era

OBJECT = {"type": "object"}
LONG = "x" * 120
NETWORK = "{NETWORK}"


@dataclass(frozen=True)
class Broken:
    """One way. `says` is a part of the fault; `eras` are those of the upstreams that can break that rule.

    `tool` is what to call to see it; "" where its lists show it. `keeps`: whether the upstream's own `echo` can be
    called all the same.
    """

    rule: str
    says: str
    control: Mapping[str, Any] = field(default_factory=dict)
    eras: tuple[Era, ...] = ("modern", "legacy")
    tool: str = ""
    keeps: bool = True

    def __str__(self) -> str:
        return self.rule.replace(" ", "-")


def tools(*entries: Any) -> Mapping[str, Any]:
    return {"entries": {"tools/list": entries}}


def tool(name: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": OBJECT, **more}


def in_list(method: str, **members: Any) -> Mapping[str, Any]:
    return {"members": {method: members}}


def in_call(**members: Any) -> Mapping[str, Any]:
    return in_list("tools/call", **members)


def on_call(fault: str) -> Mapping[str, Any]:
    return {"fault": fault, "on": "tools/call"}


def told(method: str, **params: Any) -> Mapping[str, Any]:
    return {"before": [{"method": method, "params": params}]}


MODERN: tuple[Era, ...] = ("modern",)
LEGACY: tuple[Era, ...] = ("legacy",)

ENTRIES = (
    Broken("duplicate names", "tools/list: 'echo' is there twice; the first is kept", {"duplicate_names": True}),
    Broken("no name", "tools/list: an entry without its name", tools({"title": "nameless"})),
    Broken("a number for a name", "tools/list: an entry without its name", tools(tool(7))),
    Broken("an empty name", "tools/list: an entry without its name", tools(tool(""))),
    Broken("no object for a tool", "tools/list: an entry without its name", tools("echo", None, 5)),
    Broken("120 characters", f"tools/list: {LONG[:80]!r} has a name of other", tools(tool(LONG))),
    Broken("spaces in a name", "it is called 'bad_send_mail_' here", tools(tool("send mail!"))),
    Broken("control characters in a name", r"'\x1b[31mred' has a name of other", tools(tool("\x1b[31mred"))),
    Broken("another alphabet", "tools/list: 'löschen' has a name of other", tools(tool("löschen"))),
    Broken("a path for a name", "it is called 'bad____etc_passwd' here", tools(tool("../etc/passwd"))),
    Broken("no input schema", "tools/list: 'x' is left out: inputSchema: Field required", tools({"name": "x"})),
    Broken("an input schema of no type", "'x' is left out: inputSchema.type: Field", tools(tool("x", inputSchema={}))),
    Broken("a list as input schema", "'x' is left out: inputSchema: Input", tools(tool("x", inputSchema=[1]))),
    Broken(
        "an input schema for arrays",
        "'x' is left out: inputSchema.type: Input should be 'object'",
        tools(tool("x", inputSchema={"type": "array"})),
    ),
    Broken(
        "a property that is no schema",
        "'x' is left out: inputSchema.properties.a",
        tools(tool("x", inputSchema={**OBJECT, "properties": {"a": 5}})),
    ),
    Broken(
        "an array output schema",
        "has an outputSchema that is no object's, as only the modern era has it",
        {"array_schema": True},
        LEGACY,
    ),
    Broken("a list as output schema", "'x' is left out: outputSchema", tools(tool("x", outputSchema=[1]))),
    Broken("a text for annotations", "'x' is left out: annotations", tools(tool("x", annotations="safe"))),
    Broken("an icon without source", "'x' is left out: icons.0.src", tools(tool("x", icons=[{"src": 5}]))),
    Broken("a list as _meta", "'x' is left out: _meta", tools(tool("x", _meta=[1]))),
    Broken(
        "a header that cannot be one",
        "'x' is left out: property 'a': x-mcp-header",
        tools(tool("x", inputSchema={**OBJECT, "properties": {"a": {"type": "string", "x-mcp-header": "a b"}}})),
    ),
    Broken(
        "a reference to the network",
        "'x' has a $ref to the network in its schemas",
        tools(tool("x", inputSchema={**OBJECT, "properties": {"a": {"$ref": f"{NETWORK}/in"}}})),
    ),
    Broken(
        "a reference to the network in what comes out",
        "'x' has a $ref to the network in its schemas",
        tools(tool("x", outputSchema={**OBJECT, "$dynamicRef": f"{NETWORK}/out#anchor"})),
    ),
    Broken(
        "a resource without uri",
        "resources/list: an entry without its uri",
        {"entries": {"resources/list": [{"name": "x"}]}},
    ),
    Broken(
        "a size that is a text",
        "resources/list: 'text://raw/x' is left out: size",
        {"entries": {"resources/list": [{"uri": "text://raw/x", "name": "x", "size": "big"}]}},
    ),
    Broken(
        "a resource twice",
        "resources/list: 'text://raw/notes' is there twice",
        {"entries": {"resources/list": [{"uri": "text://raw/notes", "name": "again"}]}},
    ),
    Broken(
        "a template without its uri",
        "resources/templates/list: an entry without its uriTemplate",
        {"entries": {"resources/templates/list": [{"name": "x", "uri": "text://raw/{x}"}]}},
    ),
    Broken(
        "an argument without a name",
        "prompts/list: 'x' is left out: arguments.0.name",
        {"entries": {"prompts/list": [{"name": "x", "arguments": [{}]}]}},
    ),
)
"""One entry of a list breaks a rule: the others, of the same upstream too, are none the worse."""

PAGES = (
    Broken(
        "a page without its list",
        "tools/list: a page without its tools",
        in_list("tools/list", tools=None),
        keeps=False,
    ),
    Broken("a negative ttl", "tools/list: its ttlMs is no whole", in_list("tools/list", ttlMs=-5), MODERN),
    Broken("a ttl in words", "prompts/list: its ttlMs is no whole", in_list("prompts/list", ttlMs="1 h"), MODERN),
    Broken("an odd scope", "tools/list: its cacheScope is neither", in_list("tools/list", cacheScope="all"), MODERN),
    Broken("a number as cursor", "prompts/list: its nextCursor is no text", in_list("prompts/list", nextCursor=7)),
)
"""What stands around the entries breaks one."""

LISTS = (
    Broken("cursors that loop", "gives cursors for tools/list that run", in_list("tools/list", nextCursor="page-0")),
    Broken("300 pages", "has no end of tools/list: more than 250 pages", {"endless_pages": True}),
    Broken(
        "an unknown result type of a list",
        "answered with a result of a type that is not known",
        in_list("tools/list", resultType="hologram"),
        MODERN,
    ),
    Broken("wrong ids", "answered another request than ours", {"fault": "wrong_id", "on": "tools/list"}),
    Broken("no json", "answered something that is not JSON", {"fault": "garbage"}),
    Broken("a web page", "answered ", {"fault": "html"}),
)
"""A whole list, or the upstream itself, cannot be had: what was last heard of it stays, and it counts as down."""

CALLS = (
    Broken(
        "an unknown result type",
        "in a call: it answered with a result of a type that is not known",
        in_call(resultType="hologram"),
        MODERN,
        "echo",
    ),
    Broken("content that is no list", "in a call: it answered tools/call with", in_call(content=5), tool="echo"),
    Broken("a wrong id of a call", "in a call: it answered another", on_call("wrong_id"), tool="echo"),
    Broken("a result that is no json", "in a call: it answered", on_call("garbage"), tool="echo"),
    Broken(
        "progress before its request",
        "notifications/progress: it has a token that was not given",
        told("notifications/progress", progressToken=9_999_999, progress=1),
        tool="progress",
    ),
    Broken(
        "progress of nobody",
        "notifications/progress: it has a token that was not given",
        told("notifications/progress", progress=1),
        tool="progress",
    ),
)
"""A call shows it."""

CHANNEL = (
    Broken("noise on its output", "stdio: it sent something that is not JSON", tool="echo"),
    Broken("an answer to nothing", "stdio: it answered a request that was", on_call("wrong_id"), tool="slow"),
    Broken(
        "a notification before its request",
        "stdio: it sent a notification about a request that was never sent",
        told("notifications/progress", progressToken=9_999_999, progress=1),
        tool="echo",
    ),
)
"""What only one channel for everything can show."""
