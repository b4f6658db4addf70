"""Takes the upstreams of an `mcp.json`, as Claude, Cursor, VS Code and Windsurf leave it on people's machines.

Keys of ours come out as they are in `gateway.toml`. What a client keeps there for itself is left out with a note, for
refusing it would make the file useless; what is missing or contradicts itself is a fault.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.config import jsonc
from gateway.config.checks import is_own_header
from gateway.config.draft import KeyPath, Source, dotted
from gateway.config.files import read_text
from gateway.config.names import to_namespace
from gateway.errors import Fault

ROOTS: tuple[KeyPath, ...] = (("mcpServers",), ("servers",), ("mcp", "servers"))
"""Where the servers stand: Claude, Cursor and Windsurf; VS Code's mcp.json; its settings.json."""
KEPT = ("url", "headers", "type", "transport", "command", "args", "env", "cwd")
SWITCHES = ("disabled", "enabled")
URL_ALIASES = ("serverUrl", "httpUrl")
"""Windsurf's and Gemini's words for `url`."""
EDITOR_FOLDERS = (".vscode", ".cursor")


@dataclass(frozen=True, slots=True)
class Server:
    """One entry: its name there, the namespace made of it, and its table in the words of `gateway.toml`."""

    name: str
    namespace: str
    table: dict[str, Any]
    source: Source
    url_key: str = "url"

    @property
    def shown(self) -> str:
        """File and name, fit for a note."""
        return f"{self.source.file}: {dotted((self.name,))}"


@dataclass(slots=True)
class Contents:
    """What one file gave."""

    servers: list[Server] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, label: str) -> Contents:
    """Every server of the file at `path`; `label` is what the user called it.

    Raises:
        Unreadable: there is no such file, or its text cannot be had.
    """
    contents = Contents()
    try:
        document = jsonc.loads(read_text(path))
    except ValueError as error:
        contents.faults.append(Fault(label, "", f"is not JSON: {error}"))
        return contents
    root, entries = _entries(document)
    if root is None:
        contents.faults.append(
            Fault(label, "", "holds no servers", "it needs an object mcpServers (Claude, Cursor) or servers (VS Code)")
        )
    for name, entry in entries.items():
        _take(contents, name, entry, Source(label, (*(root or ()), name), _folder(path), "mcp.json"))
    return contents


def _entries(document: Any) -> tuple[KeyPath | None, dict[str, Any]]:
    for root in ROOTS:
        found = document
        for key in root:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict):
            return root, found
    return None, {}


def _folder(path: Path) -> Path:
    """What relative paths hang on, and `${workspaceFolder}`: the project that an editor's folder stands in."""
    folder = path.resolve().parent
    return folder.parent if folder.name in EDITOR_FOLDERS else folder


def _take(contents: Contents, name: str, entry: Any, source: Source) -> None:
    if not isinstance(entry, dict):
        contents.faults.append(Fault(source.file, source.key(), "must be an object with url or command"))
        return
    try:
        namespace = to_namespace(name)
    except ValueError as error:
        contents.faults.append(Fault(source.file, source.key(), f"cannot be a namespace: {error}", "rename it there"))
        return
    known = {key: value for key, value in entry.items() if value is not None}
    url_key = next((key for key in URL_ALIASES if key in known and "url" not in known), "url")
    table = _table(known, url_key)
    ignored = [dotted((key,)) for key in known if key not in (*KEPT, url_key, *SWITCHES)] + _without_own_headers(table)
    if not table.keys() & {"url", "command"}:
        cure = f"not understood there: {', '.join(ignored)}" if ignored else "give one of them"
        contents.faults.append(Fault(source.file, source.key(), "has neither url nor command", cure))
        return
    server = Server(name, namespace, table, source, url_key)
    contents.servers.append(server)
    if ignored:
        contents.notes.append(f"{server.shown}: not used here: {', '.join(ignored)}")


def _table(entry: dict[str, Any], url_key: str) -> dict[str, Any]:
    """An entry in our words. Numbers and booleans become text where a program or a header takes text (VS Code allows
    them), and null leaves a name out."""
    table = {key: entry[key] for key in KEPT if key in entry}
    if url_key in entry:
        table["url"] = entry[url_key]
    if entry.get("disabled") is True or entry.get("enabled") is False:
        table["enabled"] = False
    for key in ("env", "headers"):
        if isinstance(table.get(key), dict):
            table[key] = {name: _text(value) for name, value in table[key].items() if value is not None}
    if isinstance(table.get("args"), list):
        table["args"] = [_text(value) for value in table["args"]]
    return table


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _without_own_headers(table: dict[str, Any]) -> list[str]:
    """Take out the headers that the gateway writes itself; clients' files often name `Accept`."""
    headers = table.get("headers")
    if not isinstance(headers, dict):
        return []
    own = [name for name in headers if is_own_header(name)]
    table["headers"] = {name: value for name, value in headers.items() if name not in own}
    return [f"headers.{name}" for name in own]
