"""Reads an OpenAPI document from its file, and refuses what would make tools that do not work."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from services.external.references import Unusable, check_references, resolved

MAX_FILE = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 1_000_000
"""Far above the largest documents that there are. In YAML a short text can stand for any number of values."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML as JSON has it: a date is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_document(file: Path) -> dict[str, Any]:
    """The document, its references checked. Raises Unusable saying what is wrong with it and what to do."""
    document = _plain(_parsed(_text(file), file.suffix), iter(range(MAX_VALUES)))
    if not isinstance(document, dict):
        raise Unusable("it is no OpenAPI document: there is no object at its top. Name the right file in `document`.")
    if "swagger" in document:
        raise Unusable("it is a Swagger 2.0 document. Convert it to OpenAPI 3 first, as `swagger2openapi` does.")
    if not str(document.get("openapi", "")).startswith(("3.0.", "3.1.")):
        raise Unusable("its `openapi` is neither 3.0 nor 3.1. Give a document of one of these versions.")
    if not isinstance(document.get("paths"), dict):
        raise Unusable("it has no `paths`, so there is nothing to call. Give the API's whole document.")
    check_references(document)
    return document | {"paths": {path: _item(document, path, item) for path, item in document["paths"].items()}}


def server_url(document: dict[str, Any]) -> str:
    """The first of its servers, the variables filled in. Raises Unusable if that is no whole URL."""
    servers = document.get("servers")
    server = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = str(server.get("url", ""))
    variables = server.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")) if isinstance(variable, dict) else "")
    if not url.startswith(("http://", "https://")):
        raise Unusable("its first server is no whole URL. Say where the API is by `base_url`.")
    return url


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE + 1)
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}. Correct the path, or let the gateway read it.") from error
    if len(content) > MAX_FILE:
        raise Unusable(f"it is larger than {MAX_FILE} bytes. Leave out what is not needed.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable("it is not text in UTF-8. Save it as that.") from error


def _parsed(text: str, suffix: str) -> Any:
    try:
        return json.loads(text) if suffix == ".json" else yaml.load(text, _Loader)
    except json.JSONDecodeError as error:
        raise Unusable(f"it is no valid JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except yaml.MarkedYAMLError as error:
        at = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise Unusable(f"it is no valid YAML: {at}{error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable("it is no valid YAML: it holds a character or a value that YAML does not have.") from error
    except RecursionError as error:
        raise Unusable("it is nested too deeply. Give the API's own document.") from error


def _plain(value: Any, left: Iterator[int], depth: int = 0) -> Any:
    """The value with every key a text, as JSON has them: YAML reads the status 200 as a number."""
    if depth > MAX_DEPTH or next(left, None) is None:
        raise Unusable(f"it has more than {MAX_DEPTH} levels or {MAX_VALUES} values. Move schemas to components.")
    if isinstance(value, dict):
        return {str(key): _plain(child, left, depth + 1) for key, child in value.items()}
    return [_plain(child, left, depth + 1) for child in value] if isinstance(value, list) else value


def _item(document: dict[str, Any], path: str, item: Any) -> dict[str, Any]:
    """A path's operations, in place of a reference to them: FastMCP does not follow it."""
    while isinstance(item, dict) and isinstance(item.get("$ref"), str):
        item = resolved(document, item["$ref"])
    if not isinstance(item, dict):
        raise Unusable(f"its path '{path}' is no object. Write its operations there.")
    return item
