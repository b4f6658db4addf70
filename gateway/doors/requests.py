"""What a request is asked to be, in either era, before an express door looks at it more closely."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.model.route import Kind
from gateway.upstream.plain import MEMBERS

ACCEPTED: Final = frozenset({b"application/json, text/event-stream", b"text/event-stream, application/json"})

# The requests that are calls, what they call, and which parameter names it.
KINDS: Final[Mapping[str, Kind]] = {"tools/call": "tool", "resources/read": "resource", "prompts/get": "prompt"}
NAMES: Final[Mapping[Kind, str]] = {"tool": "name", "resource": "uri", "prompt": "name"}

# orjson reads a whole number beyond 64 bits as a float: the other door keeps it, or says that it cannot go on.
LONG: Final = 19
LONG_NUMBER: Final = re.compile(rb"\d{%d}" % LONG)
DIGITS: Final = b"0123456789"


def has_long_number(body: bytes) -> bool:
    """Whether `body` may hold a number that would be read as another. Few have so many digits that it takes a look."""
    return len(body) - len(body.translate(None, DIGITS)) >= LONG and LONG_NUMBER.search(body) is not None


def is_call(kind: Kind, params: Mapping[str, Any]) -> bool:
    """Whether these are the parameters of a call and nothing more, with `arguments` in the shape of the schema."""
    if not params.keys() <= MEMBERS[kind]:
        return False
    arguments = params.get("arguments")
    if arguments is None:
        return True
    return type(arguments) is dict and (kind != "prompt" or all(type(each) is str for each in arguments.values()))
