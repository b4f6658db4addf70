"""What a caller asks for, checked against what the operator allows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastmcp.exceptions import ToolError

from services.external.settings import Settings

Param = str | int | float | bool
Fields = Mapping[str, Param | Sequence[Param]]

MAX_HEADER = 1_000
WITHOUT_BODY = frozenset({"GET", "HEAD"})
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True)
class Asked:
    """A request as a caller gave it; at most one of `json` and `form`."""

    url: str
    method: str = "GET"
    params: Fields | None = None
    headers: Mapping[str, str] | None = None
    json: Any = None
    form: Fields | None = None


def check(asked: Asked, settings: Settings) -> None:
    """Raise ToolError, with what is allowed, for a method, header or body that is not. The URL is the guard's."""
    if asked.method not in settings.methods:
        raise ToolError(
            f"The method is not allowed here. Use {' or '.join(settings.methods)}, or ask the operator to add it to "
            "`methods`."
        )
    if asked.json is not None and asked.form is not None:
        raise ToolError("Give `json` or `form`, not both: a request has one body.")
    if asked.method in WITHOUT_BODY and not (asked.json is None and asked.form is None):
        raise ToolError(f"{asked.method} takes no body. Give `params`, or another method if one is allowed.")
    for name, value in (asked.headers or {}).items():
        if name.lower() not in settings.allowed_headers:
            raise ToolError(
                f"A header is not one that may be sent. Allowed are {', '.join(sorted(settings.allowed_headers))}."
            )
        if len(value) > MAX_HEADER or not _HEADER_VALUE.fullmatch(value):
            raise ToolError(f"A header's value must be plain ASCII text of at most {MAX_HEADER} characters.")
