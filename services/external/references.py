"""The `$ref`s of an OpenAPI document: each must lead to something inside it, and none back to itself.

FastMCP leaves out what it cannot resolve and goes on, so a tool would lack a parameter that its API needs.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import unquote

# What stands below these is an example or a value of the API's own, and `$ref` in it a plain word.
_VALUES = frozenset({"example", "examples", "default", "enum", "const"})
# A schema is whatever these lead to, so a way back to it through them alone has no end: any other has.
_SAME_PLACE = ("allOf", "anyOf", "oneOf")


class Unusable(Exception):
    """The document cannot be served; the text says what is wrong and what to do."""


def check_references(document: dict[str, Any]) -> None:
    """Raise Unusable for a `$ref` that leads out of the document, to nothing, or in a circle that has no end."""
    graph: dict[str, set[str]] = {}
    for node in _nodes(document):
        if isinstance(reference := node.get("$ref"), str) and reference not in graph:
            _follow(document, reference, graph)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise Unusable(f"its $refs run in a circle: {circle}. Have one of them describe something.") from error


def resolved(document: dict[str, Any], reference: str) -> Any:
    """What a `$ref` leads to. Raises Unusable if that is outside of the document, or nothing."""
    if not reference.startswith("#/"):
        raise Unusable(
            f"it refers to '{reference}', which is outside of it, and nothing is fetched for it. Bundle all into one "
            "file first, as `redocly bundle` does."
        )
    found: Any = document
    for part in reference[2:].split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise Unusable(f"it refers to '{reference}', which is not in it. Add that, or correct the $ref.")
    return found


def _follow(document: dict[str, Any], reference: str, graph: dict[str, set[str]]) -> None:
    waiting = [reference]
    while waiting:
        at = waiting.pop()
        if at not in graph:
            graph[at] = set(_same_place(resolved(document, at)))
            waiting += graph[at]


def _same_place(node: Any) -> Iterator[str]:
    """The `$ref`s that `node` itself is, or is made of."""
    if not isinstance(node, dict):
        return
    if isinstance(reference := node.get("$ref"), str):
        yield reference
    for key in _SAME_PLACE:
        for member in node.get(key) or () if isinstance(node.get(key), list) else ():
            yield from _same_place(member)


def _nodes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of the document but those in examples."""
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += [child for key, child in node.items() if key not in _VALUES]
        elif isinstance(node, list):
            waiting += node
