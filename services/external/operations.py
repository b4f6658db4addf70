"""The operations of an OpenAPI document: which of them become tools, and under what names."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from services.external.references import Unusable
from services.external.settings import ApiSettings

METHODS = ("get", "put", "post", "delete", "head", "patch")
NEVER = frozenset({"options", "trace"})
MAX_NAME = 55
"""Leaves room for 'external_' in the 64 characters of a public name."""
HASH_LENGTH = 8
MOST_SHOWN = 10
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Operation:
    """One operation, as its document has it; `id` may be empty."""

    method: str
    path: str
    id: str = ""
    tags: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations_of(paths: dict[str, Any]) -> Iterator[Operation]:
    """Every operation under `paths`."""
    for path, item in paths.items():
        for method in METHODS:
            if isinstance(found := item.get(method), dict):
                tags = found.get("tags")
                named = frozenset(map(str, tags)) if isinstance(tags, list) else frozenset[str]()
                yield Operation(method, path, str(found.get("operationId") or ""), named)


def chosen(operations: Sequence[Operation], api: ApiSettings) -> list[Operation]:
    """Those that the settings take. Raises Unusable, with what there is, if that is none of them."""
    found = [each for each in operations if _has_tag(each, api.tags) and _matches(each, api.operations)]
    if not found:
        tags = sorted({tag for each in operations for tag in each.tags})
        raise Unusable(
            f"none of its {len(operations)} operations is taken. Its tags: {_shown(tags)}; its operations: "
            f"{_shown([each.id or str(each) for each in operations])}. Correct `tags` and `operations`."
        )
    return found


def only(paths: dict[str, Any], operations: Collection[Operation]) -> dict[str, Any]:
    """The paths with these operations and no others, so that what is not taken cannot fail."""
    taken = {(each.path, each.method) for each in operations}
    return {
        path: {key: value for key, value in item.items() if key not in {*METHODS, *NEVER} or (path, key) in taken}
        for path, item in paths.items()
        if any((path, method) in taken for method in METHODS)
    }


def names(api: str, operations: Sequence[Operation]) -> dict[Operation, str]:
    """The tool's name of each, `api_operation`, within the grammar, no two alike, whatever their order.

    A hash tells apart those that would be alike, and ends one that had to be shortened.
    """
    plain = {
        each: f"{api}_{_FOREIGN.sub('_', each.id or f'{each.method} {each.path}').strip('_')}" for each in operations
    }
    wanted = Counter(plain.values())
    return {
        each: name if len(name) <= MAX_NAME and wanted[name] == 1 else _hashed(name, each)
        for each, name in plain.items()
    }


def _hashed(name: str, operation: Operation) -> str:
    digest = hashlib.sha256(str(operation).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[: MAX_NAME - HASH_LENGTH - 1]}_{digest[:HASH_LENGTH]}"


def _has_tag(operation: Operation, tags: Sequence[str]) -> bool:
    return not tags or not operation.tags.isdisjoint(tags)


def _matches(operation: Operation, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(operation.id, glob) or fnmatchcase(str(operation), glob) for glob in globs)


def _shown(words: Sequence[str]) -> str:
    if not words:
        return "none"
    return ", ".join(words[:MOST_SHOWN]) + (f" and {len(words) - MOST_SHOWN} more" if len(words) > MOST_SHOWN else "")
