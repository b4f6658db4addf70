"""Credentials that stand in files, which somebody may replace while the gateway runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.config import checks
from gateway.config.draft import Draft, KeyPath
from gateway.config.interpolate import Interpolator

MARK = "${file:"


@dataclass(frozen=True, slots=True)
class Renewable:
    """The value of a header as the configuration says it, with a reference to a file."""

    text: str
    interpolator: Interpolator = field(repr=False)

    def read(self) -> str | None:
        """The value as it is now; None where the file is not there, or holds what no header can."""
        value, gaps = self.interpolator.fill(self.text)
        try:
            return None if gaps else checks.header_value(value)
        except ValueError:
            return None


def in_files(draft: Draft, path: KeyPath, table: Any, environ: Mapping[str, str]) -> dict[str, Renewable]:
    """The headers of an upstream's unfilled table whose values come out of files."""
    found = {}
    for place, name, text in _said(table):
        source, _ = draft.source((*path, *place))
        if isinstance(text, str) and MARK in text and source.dialect != "environment":
            value = f"Bearer {text}" if place == ("auth", "bearer") else text
            found[name] = Renewable(value, Interpolator(source, environ))
    return found


def _said(table: Any) -> list[tuple[KeyPath, str, Any]]:
    """Each header that carries a credential: where it is said, its name, its value."""
    headers, auth = (table.get(key) if isinstance(table, dict) else None for key in ("headers", "auth"))
    said: list[tuple[KeyPath, str, Any]] = []
    if isinstance(headers, dict):
        said += [(("headers", name), name, value) for name, value in headers.items()]
    if isinstance(auth, dict) and "bearer" in auth:
        said.append((("auth", "bearer"), "Authorization", auth["bearer"]))
    return said
