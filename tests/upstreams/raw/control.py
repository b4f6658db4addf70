"""How a raw upstream misbehaves: one frozen record, replaced as a whole while the server runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from tests.upstreams.raw.wire import Json

Fault = Literal[
    "hang",  # never answers, until the client goes away
    "pings",  # an SSE stream of comments that never comes to an answer
    "drip",  # the right answer, a byte every `interval` seconds
    "html",  # 200 with a web page
    "server_error",  # 500 with a plain text
    "unauthorized",  # 401 with WWW-Authenticate
    "forbidden",  # 403 with WWW-Authenticate naming the scopes `raw:read raw:write`
    "rate_limited",  # 429 with Retry-After: `retry_after`
    "unavailable",  # 503 with Retry-After: `retry_after`
    "redirect",  # 307 to `location`
    "wrong_id",  # a well-formed answer to another request
    "garbage",  # 200 application/json that is no JSON
    "empty",  # 200 with no body
    "huge",  # the right answer, and `size` bytes of text in its `_meta`
    "compressed",  # `huge`, gzipped (asked for or not)
    "close_before",  # the connection ends and nothing ran
    "close_after",  # it ends after the work was done, before the answer
    "cut",  # it ends in the middle of the answer
    "twice",  # the right answer, and once more
    "no_answer",  # a complete HTTP response without the answer; nothing on stdio
    "half_answer",  # one with the first half of it; a line that is no JSON on stdio
    "flood",  # stdio: noise on stdout without end, and never an answer
    "flood_stderr",  # stdio: the same on stderr
    "endless",  # a line without end: on stdout, or one of `size` bytes in an event stream
    "leave_child",  # stdio: starts a process that would live on, and exits
]


@dataclass(frozen=True)
class Control:
    """What is wrong at the moment. The default is: nothing.

    `fault` strikes requests whose JSON-RPC method, or else HTTP method, is `on` ("" strikes all), the first `times` of
    them (0: every one). On stdio `hang`, `drip`, `html`, `wrong_id`, `garbage`, `empty`, `huge` and those from
    `close_before` on exist, and a connection that ends is a process that exits with 70. Over SSE of 2024-11-05 an
    answer that hangs or is wrong does so on the stream; what happens to its bytes is not made there, nor `pings`.
    """

    fault: Fault | None = None
    on: str = ""
    times: int = 0
    interval: float = 0.05
    retry_after: int = 1
    location: str = ""
    size: int = 2 * 1024 * 1024

    # What is offered. A change here sends notifications/tools/list_changed.
    tools: int | None = None  # generated ones, instead of the number given at start
    hidden: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()  # names of more tools, which answer with their arguments
    descriptions: Mapping[str, str] = field(default_factory=dict)  # other ones, by tool
    duplicate_names: bool = False  # `echo` stands twice in the list
    endless_pages: bool = False  # every page names a next one
    array_schema: bool = False  # offers `numbers`, whose result is an array
    broken_tool: bool = False  # one entry of tools/list is no tool at all
    entries: Mapping[str, list[Any]] = field(default_factory=dict)  # more entries, as they are, by the list's method
    members: Mapping[str, Json] = field(default_factory=dict)  # put over those of a right result, by method
    before: tuple[Json, ...] = ()  # notifications that come before the answer to tools/call, on its stream

    changes_every: float = 0.0  # seconds between two notifications/tools/list_changed, without end; 0: none
    list_delay: float | None = None  # seconds, instead of those given at start
    call_delay: float | None = None
    ttl_ms: int = 60_000
    cache_scope: Literal["public", "private"] = "public"

    # Things that happen once, when they are set.
    forget_sessions: bool = False  # legacy HTTP: their ids are answered with 404 from now on
    updated: str = ""  # notifications/resources/updated of this URI, to whom it concerns
    visited: str = ""  # notifications/elicitation/complete of this id, to all legacy sessions
    end_streams: bool = False  # subscription and GET streams are closed as a server that shuts down does
    drop_streams: bool = False  # they are cut off


_OFFER = (
    "tools",
    "hidden",
    "extra",
    "descriptions",
    "duplicate_names",
    "array_schema",
    "broken_tool",
    "entries",
    "members",
)


def control_from(values: Mapping[str, Any]) -> Control:
    """A control from decoded JSON. Raises ValueError naming what is no field."""
    known = {each.name for each in fields(Control)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"No such behaviour: {', '.join(unknown)}. There are: {', '.join(sorted(known))}")
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Control(**frozen)


def changes_offer(before: Control, after: Control) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in _OFFER)


class Switch:
    """The control that holds now, and how often its fault may still strike."""

    def __init__(self) -> None:
        self.control = Control()
        self._struck = 0

    def set(self, control: Control) -> None:
        self.control = control
        self._struck = 0

    def strike(self, *methods: str) -> Fault | None:
        """The fault for a request known by these methods, counted as one of its `times`."""
        control = self.control
        if control.fault is None or (control.on and control.on not in methods):
            return None
        self._struck += 1
        return None if control.times and self._struck > control.times else control.fault
