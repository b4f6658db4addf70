"""Wrong arguments of a service's tool, put in words for whoever sent them."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastmcp.exceptions import ToolError
from fastmcp.exceptions import ValidationError as ArgumentError
from pydantic import ValidationError

MAX_NAMED = 5
LONGEST_NAME = 80

# pydantic's own words for these hold what was sent.
SAID_OTHERWISE = {"union_tag_invalid": "is none of the kinds that are possible here"}


def shown(name: str) -> str:
    """A name that a caller sent, short and printable."""
    return "".join(c for c in name[:LONGEST_NAME] if c.isprintable())


def argument_error(error: ArgumentError) -> Exception:
    """The error to raise for arguments that do not fit: each wrong one by its place and its fault, no value of any."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return error
    faults = cause.errors(include_url=False, include_context=False, include_input=False)
    told = "; ".join(_told(faults[:MAX_NAMED]))
    more = f" And {len(faults) - MAX_NAMED} more." if len(faults) > MAX_NAMED else ""
    return ToolError(f"The arguments do not fit the tool's schema. {told}.{more}")


def _told(faults: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for fault in faults:
        yield f"{shown('.'.join(map(str, fault['loc'])))}: {SAID_OTHERWISE.get(fault['type'], fault['msg'])}"
