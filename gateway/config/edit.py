"""Adds services and upstreams to the text of a `gateway.toml`, and takes upstreams out of it.

Every other line, comments too, stays as it is.
"""

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from gateway.config.toml import parse
from gateway.errors import ConfigurationError, Fault

HEADER = re.compile(r"\s*\[")


def upstream_names(text: str, file: str) -> list[str]:
    """The upstreams that the file itself holds, without those of included files.

    Raises:
        ConfigurationError: the text is not TOML.
    """
    return _names(text, file, "upstreams")


def service_names(text: str, file: str) -> list[str]:
    """The services that the file itself names.

    Raises:
        ConfigurationError: the text is not TOML.
    """
    return _names(text, file, "services")


def _names(text: str, file: str, group: str) -> list[str]:
    table = parse(text, file).get(group, {})
    return list(table) if isinstance(table, dict) else []


def add_upstream(text: str, name: str, keys: Mapping[tuple[str, ...], Any]) -> str:
    """The text with `[upstreams.<name>]` at its end; `keys` are dotted, as in `("auth", "bearer")`."""
    table = tomlkit.table()
    for key, value in keys.items():
        table.append(tomlkit.key(key) if len(key) > 1 else key[0], tomlkit.item(value))
    return _with(text, "upstreams", name, table)


def add_service(text: str, name: str, keys: Mapping[str, str]) -> str:
    """The text with `[services.<name>]` at its end."""
    table = tomlkit.table()
    table.update(keys)
    return _with(text, "services", name, table)


def _with(text: str, group: str, name: str, table: Table) -> str:
    tables = tomlkit.table(is_super_table=True)
    tables.append(name, table)
    added = tomlkit.document()
    added.append(group, tables)
    before = text.rstrip()
    return f"{before}\n\n{added.as_string()}" if before else added.as_string()


def remove_upstream(text: str, name: str, file: str) -> str:
    """The text without `[upstreams.<name>]` and its sub-tables. Comments after its last key stay.

    Raises:
        ConfigurationError: it is not written as a table of its own, so taking its lines out would change other keys.
    """
    own_header = re.compile(rf"\s*\[\s*upstreams\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*[.\]]")
    kept: list[str] = []
    for block in _blocks(text):
        kept += _comments_after(block) if own_header.match(block[0]) else block
    changed = "".join(kept)
    if not _differs_only_in(text, changed, name):
        problem, cure = "is not written as a table of its own", "take it out of the file by hand"
        raise ConfigurationError([Fault(file, f"upstreams.{name}", problem, cure)])
    return changed


def _blocks(text: str) -> list[list[str]]:
    """The lines, parted before each line that begins as a table's header does."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines(keepends=True):
        if HEADER.match(line) and blocks[-1]:
            blocks.append([])
        blocks[-1].append(line)
    return blocks if blocks[0] else []


def _comments_after(block: list[str]) -> list[str]:
    """What follows a table's last key: more likely about what comes next than about the table."""
    last = max(place for place, line in enumerate(block) if line.strip() and not line.lstrip().startswith("#"))
    rest = block[last + 1 :]
    return rest if any(map(str.strip, rest)) else []


def _differs_only_in(before: str, after: str, name: str) -> bool:
    """Whether the two texts mean the same but for one upstream, which the second does not have."""
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    old["upstreams"].pop(name)
    return old == {"upstreams": {}} | new


def write(path: Path, text: str) -> None:
    """Replace the file in one step: whoever reads it sees the old text or the new one.

    Raises:
        ConfigurationError: the folder or the file cannot be written; nothing was changed.
    """
    target = path.resolve()
    try:
        mode = target.stat().st_mode if target.exists() else 0o644
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=target.parent, delete=False) as new:
            try:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
                os.chmod(new.name, mode)
                os.replace(new.name, target)
            except OSError:
                os.unlink(new.name)
                raise
    except OSError as error:
        problem, cure = f"cannot be written: {error.strerror}", "check the rights of the file and of its folder"
        raise ConfigurationError([Fault(str(path), "", problem, cure)]) from None
