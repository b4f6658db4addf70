"""Upstreams from several files: whose word counts, what each is called, and what their `transport` means."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from gateway.config.draft import Draft, KeyPath
from gateway.config.files import resolve
from gateway.config.fill import is_off
from gateway.config.mcpjson import Server
from gateway.config.names import is_namespace, to_namespace
from gateway.errors import Fault

TRANSPORTS = {"http": "http", "streamablehttp": "http", "sse": "sse", "stdio": "stdio"}
"""By their names in lower case without hyphens: clients write `streamable-http`, `streamableHttp` and more."""


def include(draft: Draft, servers: list[Server]) -> None:
    """Take upstreams from `mcp.json` files. `gateway.toml` wins: a table of the same name that has a `url` or a
    `command` replaces the one from there; one without them is put over it, key by key."""
    own = draft.table("upstreams")
    ordered = sorted(servers, key=lambda server: server.namespace)  # stable, so files stay in the order of `include`
    for namespace, group in groupby(ordered, key=lambda server: server.namespace):
        first, *others = group
        mine = own.get(namespace, {})
        if not isinstance(mine, dict) or "url" in mine or "command" in mine:
            source, _ = draft.source(("upstreams", namespace))
            draft.notes.append(f"{first.shown} is not used: {source.file} has its own {namespace}")
        elif _agree(draft, first, others):
            _place(draft, first, mine)


def _agree(draft: Draft, first: Server, others: list[Server]) -> bool:
    """Whether all servers of one namespace say the same, as they do when two clients have the same server."""
    for other in others:
        if other.table == first.table:
            draft.notes.append(f"{other.shown} is the same as {first.shown}")
            continue
        problem = f"becomes the namespace {other.namespace}, as does {first.source.key()} of {first.source.file}"
        cure = f"rename one of them there, or write [upstreams.{other.namespace}] in gateway.toml, which then wins"
        draft.faults.append(Fault(other.source.file, other.source.key(), problem, cure))
    return all(other.table == first.table for other in others)


def _place(draft: Draft, server: Server, mine: dict[str, Any]) -> None:
    path: KeyPath = ("upstreams", server.namespace)
    table = dict(server.table)
    _over(draft, path, table, mine)
    draft.table("upstreams")[server.namespace] = table
    draft.sources[path] = server.source
    draft.sources[(*path, "url")] = replace(server.source, at=(*server.source.at, server.url_key))
    if server.name != server.namespace:
        draft.notes.append(f"{server.shown} is served as {server.namespace}")


def _over(draft: Draft, path: KeyPath, table: dict[str, Any], mine: dict[str, Any]) -> None:
    for key, value in mine.items():
        place = (*path, key)
        if isinstance(value, dict) and isinstance(table.get(key), dict):
            _over(draft, place, table[key], value)
            continue
        source, rest = draft.source(place)
        draft.sources[place] = replace(source, at=source.at + rest)
        table[key] = value


def settle_transports(draft: Draft) -> None:
    """Bring every upstream's `type` or `transport` to one of our three words."""
    for namespace, table in draft.table("upstreams").items():
        if isinstance(table, dict) and ("type" in table or "transport" in table):
            _settle_transport(draft, ("upstreams", namespace), table)


def _settle_transport(draft: Draft, path: KeyPath, table: dict[str, Any]) -> None:
    key = "transport" if "transport" in table else "type"
    word = table.pop(key)
    table.pop("type", None)
    source, rest = draft.source((*path, key))
    draft.sources[(*path, "transport")] = replace(source, at=source.at + rest)
    spoken = TRANSPORTS.get(word.lower().replace("-", "").replace("_", "")) if isinstance(word, str) else None
    if spoken is not None:
        table["transport"] = spoken
    elif word != "":  # a reference left unfilled
        draft.fault((*path, "transport"), "is not a transport", "write http, sse or stdio")


def check_names(draft: Draft) -> None:
    """Every namespace holds to the grammar, and no upstream has that of a service that is on."""
    services, upstreams = draft.table("services"), draft.table("upstreams")
    for kind, tables in (("services", services), ("upstreams", upstreams)):
        for name in tables:
            _check_name(draft, (kind, name), name)
    for name in upstreams.keys() & services.keys():
        if not is_off(services[name]):
            source, rest = draft.source(("services", name))
            problem = f"has the namespace of a service ({source.file}: {source.key(rest)})"
            cure = "rename one of the two; a service with enabled = false, or left out of [services], frees its name"
            draft.fault(("upstreams", name), problem, cure)


def _check_name(draft: Draft, path: KeyPath, name: str) -> None:
    if is_namespace(name):
        return
    problem = "is not a namespace: a letter first, then letters, digits and hyphens, all lower case, at most 32"
    try:
        cure = f"call it {to_namespace(name)}"
    except ValueError as error:
        cure = f"{error}"
    draft.fault(path, problem, cure)


def absolute_folders(draft: Draft, environ: Mapping[str, str]) -> None:
    """Make every upstream's `cwd` absolute: a relative one hangs on the file that names it."""
    for namespace, table in draft.table("upstreams").items():
        cwd = table.get("cwd") if isinstance(table, dict) else None
        if isinstance(cwd, str) and cwd:
            source, _ = draft.source(("upstreams", namespace, "cwd"))
            table["cwd"] = str(resolve(cwd, source.folder, environ))
