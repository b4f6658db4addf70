"""A YAML or JSON document as plain JSON values. It is bounded, and YAML is read as people mean it.

Dates stay text, `on` and `no` stay text, anchors are refused (a few lines of them can stand for gigabytes), and a key
that stands twice is an error.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from gateway.errors import InvalidRequest

MOST_YAML_BYTES = 256 * 1024
MOST_JSON_BYTES = 4 * 1024 * 1024
YAML_SUFFIXES = (".yaml", ".yml")


def read_file(path: Path) -> Any:
    """The document in a file: YAML if its name says so, else JSON.

    Raises:
        InvalidRequest: it cannot be read, is too large, or is not well-formed; the message has the line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_JSON_BYTES + 1)
    except OSError as error:
        raise InvalidRequest(f"{path}: cannot be read: {(error.strerror or 'no reason given').lower()}.") from None
    return read(content, str(path), as_yaml=path.suffix.lower() in YAML_SUFFIXES)


def read(content: bytes, source: str, *, as_yaml: bool) -> Any:
    """The document in these bytes, which errors say come from `source`.

    Raises:
        InvalidRequest: it is too large, or not well-formed.
    """
    most = MOST_YAML_BYTES if as_yaml else MOST_JSON_BYTES
    if len(content) > most:
        raise InvalidRequest(f"{source}: has more than {most // 1024} KiB. Write less into one file.")
    try:
        text = content.decode()
        return (
            yaml.load(text, _Loader) if as_yaml else json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse)
        )
    except UnicodeDecodeError:
        raise InvalidRequest(f"{source}: is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"{source}: line {error.lineno}: is not JSON: {error.msg}.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise InvalidRequest(f"{source}: {line}is not the YAML meant here: {error.problem}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidRequest(f"{source}: is not well-formed: {_first_line(error)}.") from None
    except RecursionError:
        raise InvalidRequest(f"{source}: is nested too deeply.") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key '{next(name for name in names if names.count(name) > 1)[:100]}' stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


class _Loader(yaml.SafeLoader):
    """YAML that has no more than JSON has."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ComposerError(None, None, "anchors and aliases are not read here", event.start_mark)
        if getattr(event, "tag", None):
            raise ComposerError(None, None, "tags are not read here", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConstructorError(None, None, "a key is no text", key.start_mark)
            if key.value in names:
                raise ConstructorError(None, None, f"key '{key.value}' stands twice", key.start_mark)
            names.add(key.value)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}


_PLAIN = {
    "null": r"~|null|",
    "bool": r"true|false",
    "int": r"-?(?:0|[1-9][0-9]*)",
    "float": r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?",
}
"""What is no text without quotes, as JSON and YAML's own JSON schema have it."""

_Loader.yaml_implicit_resolvers = {}
for _kind, _pattern in _PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), None)
