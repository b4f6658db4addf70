"""How a raw upstream misbehaves: one frozen record, replaced as a whole while the server runs."""

from dataclasses import dataclass
from typing import Literal

Fault = Literal[
    "hang",  # never answers, until the client goes away
    "pings",  # an SSE stream of comments that never comes to an answer
    "drip",  # the right answer, a byte every `interval` seconds
    "html",  # 200 with a web page
    "server_error",  # 500 with a plain text
    "unauthorized",  # 401 with WWW-Authenticate
    "forbidden",  # 403 with WWW-Authenticate naming scopes
    "rate_limited",  # 429 with Retry-After: `retry_after`
    "unavailable",  # 503 with Retry-After: `retry_after`
    "redirect",  # 307 to `location`
    "wrong_id",  # a well-formed answer to another request
    "garbage",  # 200 application/json that is no JSON
    "empty",  # 200 with no body
    "huge",  # an answer whose text is `size` bytes
    "compressed",  # `huge`, gzipped (asked for or not)
    "close_unread",  # the connection ends before the body is read: nothing ran
    "close_after",  # it ends after the work was done, and before the answer
    "cut",  # it ends in the middle of the answer
]


@dataclass(frozen=True)
class Control:
    """What is wrong at the moment. The default is: nothing.

    `fault` strikes requests whose JSON-RPC method is `on` ("" strikes all), the first `times` of them (0: every one).
    The other fields change what is offered; a change of the offer sends `notifications/tools/list_changed`.
    `forget_sessions` and `updated` happen once, when they are set.
    """

    fault: Fault | None = None
    on: str = ""
    times: int = 0
    interval: float = 0.05
    retry_after: float = 1.0
    location: str = ""
    size: int = 2 * 1024 * 1024
    tools: int | None = None
    hidden: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    renamed_description: str = ""
    duplicate_names: bool = False
    endless_pages: bool = False
    array_schema: bool = False
    list_delay: float | None = None
    call_delay: float | None = None
    forget_sessions: bool = False
    updated: str = ""
