"""Arguments of a tool from words of a command line, each typed as the tool's schema says."""

import json
import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from gateway.client.schema import Parameter, words
from gateway.errors import InvalidRequest

CURE = "--help after the tool's name lists its arguments."


def arguments_from(tokens: Sequence[str], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The arguments that these words give: `--limit 10`, `--limit=10`, `--dry-run`, `--no-dry-run`, `limit=10`.

    A list's flag is repeated, or takes a JSON list once; an object is JSON. The value of `limit=10` is JSON where it
    can be, and else text, whatever the schema says.

    Raises:
        InvalidRequest: a word is neither, names no argument, or has a value that does not fit; no value is repeated.
    """
    given: dict[str, Any] = {}
    lists: dict[str, list[str]] = {}
    waiting = list(tokens)
    while waiting:
        token = waiting.pop(0)
        if not token.startswith("-"):
            name, value = _pair(token)
            given[name] = value
            continue
        parameter, text, is_no = _flag(token, parameters)
        if text is None:
            text = _switched(parameter, is_no) or _next(parameter, waiting)
        if "array" in parameter.kinds:
            lists.setdefault(parameter.name, []).append(text)
        elif parameter.name in given:
            raise InvalidRequest(f"--{parameter.name} is given twice. It takes one value.")
        else:
            given[parameter.name] = converted(parameter, text)
    return given | {name: _list(parameters[name], texts) for name, texts in lists.items()}


def _pair(token: str) -> tuple[str, Any]:
    key, equals, value = token.partition("=")
    if not equals or not key:
        raise InvalidRequest(f"An argument is neither key=value nor a flag. {CURE}")
    return key, _json_or_text(value)


def _flag(token: str, parameters: Mapping[str, Parameter]) -> tuple[Parameter, str | None, bool]:
    """The argument that a flag is of, the value after `=`, and whether it is the `--no-` of a switch."""
    name, equals, value = token.lstrip("-").partition("=")
    text = value if equals else None
    for spelled in (name, name.replace("-", "_")):
        if spelled in parameters:
            return parameters[spelled], text, False
        off = spelled.removeprefix("no-").removeprefix("no_")
        if off != spelled and off in parameters and parameters[off].kinds == {"boolean"} and text is None:
            return parameters[off], None, True
    near = get_close_matches(name.replace("-", "_"), list(parameters), n=1)
    meant = f"Did you mean --{near[0]}?" if near else CURE
    raise InvalidRequest(f"The tool has no argument --{name[:100]}. {meant}")


def _switched(parameter: Parameter, is_no: bool) -> str:
    if parameter.kinds != {"boolean"}:
        return ""
    return "false" if is_no else "true"


def _next(parameter: Parameter, waiting: list[str]) -> str:
    if not waiting:
        raise InvalidRequest(f"--{parameter.name} needs a value: {parameter.takes}.")
    return waiting.pop(0)


def converted(parameter: Parameter, text: str) -> Any:
    """A word as a value of the argument.

    Raises:
        InvalidRequest: it is none.
    """
    if parameter.choices:
        for choice in parameter.choices:
            if text == (choice if isinstance(choice, str) else json.dumps(choice)):
                return choice
        raise InvalidRequest(f"--{parameter.name} must be {parameter.takes}.")
    return _typed(parameter.name, parameter.kinds, text)


def _list(parameter: Parameter, texts: list[str]) -> Any:
    """A list from its flag, repeated or once with a JSON list; or the one other value that a union allows."""
    if len(texts) == 1 and texts[0].startswith("["):
        return _typed(parameter.name, parameter.kinds, texts[0])
    if len(texts) == 1 and parameter.kinds != {"array"}:
        return _typed(parameter.name, parameter.kinds - {"array"}, texts[0])
    return [_typed(parameter.name, parameter.item_kinds, text) for text in texts]


def _typed(name: str, kinds: frozenset[str], text: str) -> Any:
    if kinds == {"string"}:
        return text
    value = _json_or_text(text)
    if not kinds or _fits(value, kinds):
        return value
    if "string" in kinds:
        return text
    raise InvalidRequest(f"--{name} must be {words(kinds)}. {CURE}")


def _fits(value: Any, kinds: frozenset[str]) -> bool:
    match value:
        case bool():
            return "boolean" in kinds
        case int():
            return bool(kinds & {"integer", "number"})
        case float():
            return "number" in kinds and math.isfinite(value)
        case list():
            return "array" in kinds
        case dict():
            return "object" in kinds
        case str():
            return "string" in kinds
    return False


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
