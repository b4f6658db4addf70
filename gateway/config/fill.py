"""Fills every string of a draft, and decides what an unset variable means: a fault, or an upstream that stays off."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gateway.config.draft import Draft, KeyPath
from gateway.config.interpolate import Gap, Interpolator
from gateway.config.renewable import in_files

Gaps = dict[KeyPath, list[Gap]]

BOOLEAN = TypeAdapter(bool)


def fill(draft: Draft, environ: Mapping[str, str], keys: Iterable[str]) -> None:
    """Fill all references below these top-level keys. What the environment gave is taken as it is."""
    for key in keys:
        value = draft.tree.get(key)
        if key == "upstreams" and isinstance(value, dict):
            draft.tree[key] = {name: _upstream(draft, (key, name), table, environ) for name, table in value.items()}
        elif key in draft.tree:
            gaps: Gaps = {}
            draft.tree[key] = _filled(draft, (key,), value, environ, gaps)
            _report(draft, gaps)


def _upstream(draft: Draft, path: KeyPath, table: Any, environ: Mapping[str, str]) -> Any:
    """One upstream. Switched off, its references do not matter; `when-configured`, an unset one switches it off."""
    gaps: Gaps = {}
    filled = _filled(draft, path, table, environ, gaps)
    if is_off(filled):
        return filled
    if renewable := in_files(draft, path, table, environ):
        filled["in_files"] = renewable
    if isinstance(filled, dict) and filled.get("enabled") == "when-configured":
        unset = [gap.problem for found in gaps.values() for gap in found if gap.unset]
        if unset:
            filled["off_because"] = ", ".join(dict.fromkeys(unset))
        gaps = {place: [gap for gap in found if not gap.unset] for place, found in gaps.items()}
    _report(draft, gaps, namespace=str(path[-1]))
    return filled


def _filled(draft: Draft, path: KeyPath, value: Any, environ: Mapping[str, str], gaps: Gaps) -> Any:
    if isinstance(value, dict):
        return {key: _filled(draft, (*path, key), inner, environ, gaps) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(draft, (*path, place), inner, environ, gaps) for place, inner in enumerate(value)]
    source, _ = draft.source(path)
    if not isinstance(value, str) or source.dialect == "environment":
        return value
    text, found = Interpolator(source, environ, draft.files).fill(value)
    if found:
        gaps[path] = found
    return text


def _report(draft: Draft, gaps: Gaps, *, namespace: str = "") -> None:
    for path, found in gaps.items():
        for gap in found:
            draft.fault(path, gap.problem, gap.cure + (_off_switch(draft, path, namespace) if gap.unset else ""))


def _off_switch(draft: Draft, path: KeyPath, namespace: str) -> str:
    if not namespace:
        return ""
    elsewhere = draft.source(path)[0].dialect == "mcp.json"
    place = f" under [upstreams.{namespace}] in gateway.toml" if elsewhere else ""
    return f', or keep it off until then: enabled = "when-configured"{place}'


def is_off(table: Any) -> bool:
    """Whether a service's or an upstream's table says `enabled = false`, in any way that a boolean can be said."""
    try:
        return isinstance(table, dict) and not BOOLEAN.validate_python(table.get("enabled", True))
    except ValidationError:
        return False
