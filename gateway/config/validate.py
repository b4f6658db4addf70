"""Checks a draft against the model and says what is wrong in our words, without repeating a value."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from gateway.config import shape
from gateway.config.draft import Draft, KeyPath
from gateway.config.model import GatewayConfig

PROBLEMS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "missing": "is missing",
    "model_type": "must be a table",
    "path_type": "must be a path, as a string",
    "string_pattern_mismatch": "does not have the form that it must have",
    "string_type": "must be a string",
    "tuple_type": "must be a list",
}
"""By pydantic's type of error; the rest keep its own words, which name limits and choices but never the value."""

LOADERS = frozenset({"off_because", "in_files", "chaos"})
"""Keys of an upstream that only the loader writes."""

FORMS = {
    "module": 'write a dotted path such as "services.data.server", or "package.module:object"',
    "path": 'write a path such as "/mcp"',
    "public_url": 'write scheme and host alone, such as "https://mcp.example.com"',
}
"""The cure of a wrong form, by key."""


def validate(draft: Draft) -> GatewayConfig | None:
    """The configuration; None, and faults in the draft, where it is not one."""
    try:
        return GatewayConfig.model_validate(draft.tree)
    except ValidationError as error:
        for path, problems in _by_path(error).items():
            if not draft.is_faulty(path):
                unknown = "unknown key" in problems
                cure = known_keys(path) if unknown else FORMS.get(str(path[-1]), "") if path else ""
                draft.fault(path, ", or ".join(problems), cure)
        return None


def refuse_what_is_not_ours(draft: Draft) -> None:
    """Fault what only the loader writes, and what is not served yet."""
    for name, table in draft.table("upstreams").items():
        for key in LOADERS & table.keys() if isinstance(table, dict) else ():
            path: KeyPath = ("upstreams", name, key)
            draft.fault(path, "unknown key", known_keys(path))
            del table[key]
    profiles = draft.tree.pop("profiles", None)
    if profiles is not None:
        names = list(profiles) if isinstance(profiles, dict) else []
        for path in [("profiles", name) for name in names] or [("profiles",)]:
            draft.fault(path, "profiles are not served yet", f"remove [{'.'.join(path)}]")


def known_keys(path: KeyPath) -> str:
    """The cure of an unknown key: the nearest known one, at its place or one table further in, or all of them."""
    form = shape.ROOT
    for part in path[:-1]:
        form = shape.below(form, part)
    known, key = shape.keys(form), str(path[-1])
    inner = [f"{table}.{key}" for table in known if key in shape.keys(shape.below(form, table))]
    near = inner or get_close_matches(key.lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"known there: {', '.join(known)}"


def _by_path(error: ValidationError) -> Mapping[KeyPath, list[str]]:
    """Problems by place: where a value may be one of several types, pydantic reports each."""
    found: dict[KeyPath, list[str]] = {}
    for one in error.errors(include_url=False, include_input=False):
        known = one["loc"] if one["type"] == "extra_forbidden" else _within_model(one["loc"])
        found.setdefault(known, []).append(_problem(one))
    return found


def _within_model(place: KeyPath) -> KeyPath:
    """The place without pydantic's own additions, such as `[key]` or the member of a union."""
    form = shape.ROOT
    for depth, part in enumerate(place):
        form = shape.below(form, part)
        if form is None and not (depth == len(place) - 1 and isinstance(part, int)):
            return place[:depth]
    return place


def _problem(one: Any) -> str:
    if one["type"] == "extra_forbidden":
        return "unknown key"
    if one["type"] == "value_error":
        return str(one["ctx"]["error"])
    if one["type"] in PROBLEMS:
        return PROBLEMS[one["type"]]
    return re.sub(r"^\w+ should\b", "must", one["msg"]).partition(" after validation")[0]
