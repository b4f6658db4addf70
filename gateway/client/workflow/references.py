"""`${steps.NAME.value.path}` and `${inputs.NAME}` in texts: paths into what is known, and nothing that computes.

    ${inputs.city}                     an input
    ${steps.orders.value.rows[0].id}   of a step's result as data; a key that is no word stands in brackets: ["a key"]
    ${steps.orders.text}               of a step's result, the texts
    ${steps.orders.ok}                 whether the step ran and did not fail
    $${                                a `${` that is none

A text that is one reference and nothing else becomes the value itself; within more text, the value as text.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

MOST_BYTES = 4 * 1024 * 1024
"""Of all values that one step takes over from others."""

IN_TEXT = re.compile(r"\$\$\{|\$\{(?P<path>[^{}]*)\}?")
WHOLE = re.compile(r"\$\{[^{}]*\}")
SEGMENT = re.compile(r"\.(?P<word>[\w-]+)|\[(?P<number>\d{1,9})\]|\[\"(?P<key>[^\"]*)\"\]")
ROOT = re.compile(r"(?P<root>steps|inputs)\.(?P<name>[A-Za-z][\w-]*)")
PARTS = ("value", "text", "ok")


class BadReference(ValueError):
    """A text that looks like a reference and is none."""


class NotThere(ValueError):
    """A reference to something that the run did not bring forth."""


@dataclass(frozen=True)
class Reference:
    """One reference: to an input, or to a part of a step's result."""

    root: Literal["steps", "inputs"]
    name: str
    part: str
    path: tuple[str | int, ...]
    text: str


def references_in(value: Any) -> Iterator[Reference]:
    """Every reference in the texts of a value, however deep.

    Raises:
        BadReference: one cannot be understood.
    """
    if isinstance(value, str):
        for match in IN_TEXT.finditer(value):
            if match[0] != "$${":
                yield _parsed(match)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from references_in(each)


def resolved(value: Any, look: Callable[[Reference], Any]) -> Any:
    """The value with every reference replaced by what `look` gives for it.

    Raises:
        NotThere: there is none, or the values are too large together.
    """
    left = [MOST_BYTES]

    def taken(reference: Reference) -> Any:
        found = look(reference)
        left[0] -= len(json.dumps(found))
        if left[0] < 0:
            raise NotThere(f"takes over more than {MOST_BYTES // 2**20} MiB from other steps")
        return found

    return _filled(value, taken)


def at(value: Any, reference: Reference) -> Any:
    """What stands at the reference's path in a value.

    Raises:
        NotThere: nothing does.
    """
    for depth, segment in enumerate(reference.path):
        has_key = isinstance(value, dict) and segment in value
        has_item = isinstance(value, list) and isinstance(segment, int) and segment < len(value)
        if has_key or has_item:
            value = value[segment]
        else:
            before = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in reference.path[:depth])
            raise NotThere(f"refers to ${{{reference.text}}}, and {before or 'it'} has no {segment!r}{_has(value)}")
    return value


def _has(value: Any) -> str:
    if isinstance(value, dict):
        return f"; it has {', '.join(str(key)[:40] for key in list(value)[:10]) or 'nothing'}"
    return f"; it has {len(value)} items" if isinstance(value, list) else "; it is no object or list"


def _filled(value: Any, look: Callable[[Reference], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, look) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, look) for each in value]
    if not isinstance(value, str):
        return value
    if WHOLE.fullmatch(value):
        return look(next(references_in(value)))
    return IN_TEXT.sub(lambda match: "${" if match[0] == "$${" else _as_text(look(_parsed(match))), value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parsed(match: re.Match[str]) -> Reference:
    text = match["path"].strip()
    if not match[0].endswith("}"):
        raise BadReference("has a ${ that is not closed; write $${ for a ${ that is none")
    root = ROOT.match(text)
    path = _segments(text, root.end()) if root else None
    if root is None or path is None:
        raise BadReference(f"has ${{{text[:100]}}}, which is no path: write ${{steps.NAME.value}} or ${{inputs.NAME}}")
    if root["root"] == "inputs":
        return Reference("inputs", root["name"], "", path, text)
    if not path or path[0] not in PARTS or (path[0] != "value" and len(path) > 1):
        raise BadReference(f"has ${{{text[:100]}}}: of a step there are .value, with a path after it, .text and .ok")
    return Reference("steps", root["name"], str(path[0]), path[1:], text)


def _segments(text: str, position: int) -> tuple[str | int, ...] | None:
    found: list[str | int] = []
    while position < len(text):
        segment = SEGMENT.match(text, position)
        if segment is None:
            return None
        number = segment["number"]
        found.append(int(number) if number else segment["word"] if segment["word"] is not None else segment["key"])
        position = segment.end()
    return tuple(found)
