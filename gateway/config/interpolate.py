"""`${env:X}`, `${env:X:-default}` and `${file:/path}` in one string, and what editors put in an `mcp.json`.

There, `${VAR}` and `${VAR:-default}` are Claude Code's; `${env:VAR}` and the predefined names VS Code's and Cursor's.
A variable that is set but empty counts as unset, as `:-` has it in every shell; `${env:X:-}` allows it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.config.draft import Source
from gateway.config.files import Unreadable, home, read_text, resolve

REFERENCE = re.compile(r"(\$?)\$\{([^}]*)\}")
VARIABLE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)
EDITOR_ONLY = ("command:", "config:", "workspaceFolder:")


@dataclass(frozen=True, slots=True)
class Gap:
    """A reference that could not be filled. `unset`: for want of a variable or file, so it may come to be filled."""

    problem: str
    cure: str
    unset: bool = False


@dataclass(frozen=True, slots=True)
class Interpolator:
    """Fills the strings of one file. Every file that it looks for, there or not, is added to `files`."""

    source: Source
    environ: Mapping[str, str]
    files: set[Path] = field(default_factory=set, compare=False)

    def fill(self, text: str) -> tuple[str, list[Gap]]:
        """The text with every reference filled, once; an empty one, and why, where that is not possible."""
        gaps: list[Gap] = []

        def one(match: re.Match[str]) -> str:
            escaped, inner = match.groups()
            value = match.group()[1:] if escaped else self._value(inner)
            if isinstance(value, Gap):
                gaps.append(value)
                return ""
            return value

        filled = REFERENCE.sub(one, text)
        return ("", gaps) if gaps else (filled, gaps)

    def _value(self, inner: str) -> str | Gap:
        if "${" in inner:
            return Gap("a default cannot hold another reference", "give the default as plain text")
        if inner.startswith("env:"):
            return self._variable(inner.removeprefix("env:"))
        if inner.startswith("file:"):
            return self._file(inner.removeprefix("file:"))
        if self.source.dialect == "mcp.json":
            return self._editors(inner)
        return _misunderstood(inner)

    def _variable(self, expression: str) -> str | Gap:
        match = VARIABLE.fullmatch(expression)
        if match is None:
            return Gap("${env:...} names no variable", "write ${env:NAME} or ${env:NAME:-default}")
        name, default = match["name"], match["default"]
        value = self.environ.get(name) or default
        if value is None:
            return Gap(f"{name} is not set", f"set {name}, or give a default: ${{env:{name}:-...}}", unset=True)
        return value

    def _file(self, name: str) -> str | Gap:
        try:
            path = resolve(name, self.source.folder, self.environ)
            self.files.add(path)
            return read_text(path).rstrip("\r\n")
        except Unreadable as error:
            return Gap(f"the file {name} {error}", "check the path in ${file:...}", unset=True)

    def _editors(self, inner: str) -> str | Gap:
        predefined = self._predefined()
        if inner in predefined:
            return predefined[inner]
        if inner.startswith("input:"):
            return Gap("${input:...} asks the user of an editor, and nobody can be asked here", "write ${env:NAME}")
        if inner.startswith(EDITOR_ONLY):
            return Gap("holds a reference that only an editor can fill", "write ${env:NAME}, or the value itself")
        if VARIABLE.fullmatch(inner):
            return self._variable(inner)
        return f"${{{inner}}}"  # shell text such as ${X%%.*}, which every client leaves to the program

    def _predefined(self) -> Mapping[str, str]:
        """The names that VS Code and Cursor fill themselves, as they document them."""
        folder = self.source.folder
        return {
            "workspaceFolder": str(folder),
            "workspaceFolderBasename": folder.name,
            "userHome": str(home(self.environ)),
            "cwd": str(folder),
            "pathSeparator": os.sep,
            "/": os.sep,
        }


def _misunderstood(inner: str) -> Gap:
    match = VARIABLE.fullmatch(inner)
    if match is None:
        return Gap("holds a ${...} that is not understood", "write ${env:NAME}, ${file:PATH}, or $${ for a plain ${")
    return Gap(f"${{{match['name']}}} is not understood here", f"write ${{env:{match['name']}}}")
