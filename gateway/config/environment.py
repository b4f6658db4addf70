"""Variables that override keys: `GATEWAY__SERVER__PORT=9000` is `server.port = 9000`.

pydantic-settings is not used for this: it lower-cases names, which breaks `GATEWAY__UPSTREAMS__X__ENV__API_KEY`, knows
no namespaces with hyphens, passes over unknown variables in silence and stops at the first list that is not JSON.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gateway.config import shape
from gateway.config.draft import Draft, KeyPath, Source
from gateway.config.shape import Shape
from gateway.errors import Fault

PREFIX = "GATEWAY__"
SEPARATOR = "__"
FILE = "environment"


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable that names a key, and its text."""

    variable: str
    text: str

    @property
    def parts(self) -> list[str]:
        """What stands between the double underscores."""
        return self.variable[len(PREFIX) :].split(SEPARATOR)

    def fault(self, problem: str, cure: str) -> Fault:
        """What is wrong with it."""
        return Fault(FILE, self.variable, problem, cure)


class _Refused(Exception):
    """The variable names no key, or its text cannot be the key's value: problem and cure."""


def settings(environ: Mapping[str, str]) -> list[Setting]:
    """Every variable that names a key, sorted by name; an empty one counts as unset."""
    named = (name for name in sorted(environ) if name.upper().startswith(PREFIX))
    return [Setting(name, environ[name]) for name in named if environ[name]]


def overlay(draft: Draft, found: Iterable[Setting], folder: Path) -> None:
    """Put the variables' values over the draft, each where its name says; `folder` is what their paths hang on."""
    for setting in found:
        try:
            path, form = _locate(draft.tree, setting.parts)
            value = _value(form, setting)
        except _Refused as refused:
            draft.faults.append(setting.fault(*refused.args))
        else:
            _put(draft, path, value, setting, folder)


def _locate(tree: dict[str, Any], parts: list[str]) -> tuple[KeyPath, Shape]:
    """The path that a variable's parts name, and what may stand there."""
    form, path, table = shape.ROOT, (), dict(tree)
    while parts:
        if shape.is_map(form) and not shape.is_table(shape.below(form, "")):
            parts = [SEPARATOR.join(parts)]
        key = _key(parts[0], table, path[-1:] == ("env",), by_user=shape.is_map(form))
        inner = None if shape.is_list(form) else shape.below(form, key)
        if inner is None:
            raise _Refused("unknown key", _nearest(form, path, [key, *parts[1:]]))
        form, path, parts = inner, (*path, key), parts[1:]
        below = table.get(key)
        table = below if isinstance(below, dict) else {}
    return path, form


def _key(part: str, table: dict[str, Any], exact: bool, *, by_user: bool) -> str:
    """The key that one part means. Only names in a program's environment are told apart by case."""
    if exact:
        return part
    plain = part.lower()
    known = (key for key in table if key.lower().replace("-", "_") == plain)
    return next(known, plain.replace("_", "-") if by_user else plain)


def _nearest(form: Shape, path: KeyPath, parts: list[str]) -> str:
    known = shape.keys(form)
    if not known:
        return "name a key, not what is inside its value"
    near = get_close_matches(parts[0], known, n=1)
    if not near:
        return f"known there: {', '.join(known)}"
    meant = SEPARATOR.join([*map(str, path), near[0], *parts[1:]])
    return f"did you mean {PREFIX}{meant.upper().replace('-', '_')}?"


def _value(form: Shape, setting: Setting) -> Any:
    """The variable's text as the value of its key; pydantic makes numbers and booleans of text later."""
    is_map = shape.is_map(form)
    if shape.is_table(form) or (is_map and shape.is_table(shape.below(form, ""))):
        raise _Refused("names a table, not a key", f"set one of its keys: {setting.variable}{SEPARATOR}...")
    if is_map or shape.is_list(form):
        return _json(setting.text, dict if is_map else list)
    if form is shape.FREE and setting.text.startswith(("[", "{")):
        return _json(setting.text, (dict, list))
    return setting.text


def _json(text: str, kind: type | tuple[type, ...]) -> Any:
    example = 'an object, such as {"NAME": "value"}' if kind is dict else 'a list, such as ["a", "b"]'
    try:
        value = json.loads(text)
    except ValueError:
        raise _Refused("is not JSON", f"write {example}") from None
    if not isinstance(value, kind):
        raise _Refused("is not what the key takes", f"write {example}")
    return value


def _put(draft: Draft, path: KeyPath, value: Any, setting: Setting, folder: Path) -> None:
    table: Any = draft.tree
    for depth, key in enumerate(path[:-1], start=1):
        if key not in table:
            table[key] = {}
            name = PREFIX + SEPARATOR.join(setting.parts[:depth])
            draft.sources[path[:depth]] = Source(FILE, (name,), folder, "environment")
        table = table[key]
        if not isinstance(table, dict):
            return  # the file holds something else there, and is told so when the whole is checked
    table[path[-1]] = value
    draft.sources[path] = Source(FILE, (setting.variable,), folder, "environment")
