"""A configuration while it is put together: plain values, and for each part where it was written."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gateway.errors import Fault

KeyPath = tuple[str | int, ...]
Dialect = Literal["gateway.toml", "mcp.json", "environment"]

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part was written: the file as the user named it, the key there, and what its relative paths hang on."""

    file: str
    at: KeyPath
    folder: Path
    dialect: Dialect

    def key(self, rest: KeyPath = ()) -> str:
        """The key as the user knows it: `upstreams.x.args[0]`."""
        return dotted(self.at + rest)


@dataclass(slots=True)
class Draft:
    """What files and environment say, put together. `sources` holds the deepest path that came from elsewhere."""

    tree: dict[str, Any]
    sources: dict[KeyPath, Source]
    faults: list[Fault] = field(default_factory=list)
    faulty: set[KeyPath] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)
    """Every file that was looked for, there or not."""

    def source(self, path: KeyPath) -> tuple[Source, KeyPath]:
        """Where `path` was written, and what of it is below that source's own key."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.sources:
                return self.sources[path[:length]], path[length:]
        return self.sources[()], path

    def fault(self, path: KeyPath, problem: str, cure: str = "") -> None:
        """Note a fault at `path`."""
        source, rest = self.source(path)
        self.faults.append(Fault(source.file, source.key(rest), problem, cure))
        self.faulty.add(path)

    def is_faulty(self, path: KeyPath) -> bool:
        """Whether a fault is known at `path`, above or below it: then a second one would say the same again."""
        return any(known[: len(path)] == path[: len(known)] for known in self.faulty)

    def table(self, key: str) -> dict[str, Any]:
        """A top-level table, to be changed in place; an empty one where the file holds something else there."""
        value = self.tree.setdefault(key, {})
        return value if isinstance(value, dict) else {}


def dotted(path: KeyPath) -> str:
    """A path as TOML writes it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{part if BARE_KEY.fullmatch(part) else _quoted(part)}"
    return text


def _quoted(name: str) -> str:
    """A name that TOML must quote. What stands after `=` or `:` may be a value that slipped into the name."""
    plain = re.sub(r"([=:]).+", r"\1...", name, flags=re.DOTALL)[:64]
    return '"' + "".join(character if character.isprintable() else "?" for character in plain) + '"'
