"""Our own FastMCP servers: found by dotted path, made from their settings, and listed like any upstream."""

import importlib
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import mcp_types as types
from fastmcp import FastMCP
from fastmcp.tools.base import Tool
from fastmcp.utilities.versions import dedupe_with_versions
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.catalog.names import public_names
from gateway.config.model import ServiceConfig
from gateway.errors import ConfigurationError, Fault, ServiceBroken
from gateway.model.listing import Listing

UNKNOWN_KEY = "is no key of this service"


def load_services(configs: Mapping[str, ServiceConfig], file: str, folder: Path) -> dict[str, FastMCP]:
    """The servers of all services that are on, made anew. `folder`, where `file` stands, can hold their modules.

    Raises:
        ConfigurationError: every service that has no such module or object, or wrong settings.
    """
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # last, so that nothing there takes the place of an installed module
    servers: dict[str, FastMCP] = {}
    faults: list[Fault] = []
    for name, config in configs.items():
        if config.enabled:
            try:
                servers[name] = _load(config.module or f"services.{name}.server", config.settings)
            except _Wrong as wrong:
                faults += [Fault(file, f"services.{name}.{key}", problem, cure) for key, problem, cure in wrong.faults]
    if faults:
        raise ConfigurationError(faults)
    return servers


class _Wrong(Exception):
    """What is wrong with one service: key, problem and cure of each fault."""

    def __init__(self, *faults: tuple[str, str, str]):
        super().__init__(faults)
        self.faults = faults


def _load(path: str, settings: dict[str, Any]) -> FastMCP:
    """Its module has `create_server(settings)` and `Settings`; or `path` names a ready object, as `module:object`,
    which takes no settings."""
    path, _, attribute = path.partition(":")
    module = _import(path)
    if not attribute and hasattr(module, "create_server") and hasattr(module, "Settings"):
        return module.create_server(_settings(module.Settings, settings))
    server = getattr(module, attribute or "mcp", None)
    if not isinstance(server, FastMCP):
        cure = "Name one as `module:object`, or give the module create_server and Settings."
        raise _Wrong(("module", "names no FastMCP object", cure))
    if settings:
        raise _Wrong(*((key, UNKNOWN_KEY, "A ready object takes no settings.") for key in settings))
    return server


def _import(path: str) -> ModuleType:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        problem = f"cannot be imported: there is no module '{error.name}'"
        raise _Wrong(("module", problem, "Check its dotted path, and install what it needs.")) from error
    except ImportError as error:
        raise _Wrong(("module", f"cannot be imported: {error.msg}", "Check what it imports.")) from error


def _settings(model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        known = f"Its keys: {', '.join(sorted(model.model_fields))}."
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise _Wrong(*((".".join(map(str, each["loc"])), _problem(each), known) for each in faults)) from None


def _problem(fault: ErrorDetails) -> str:
    return UNKNOWN_KEY if fault["type"] == "extra_forbidden" else fault["msg"]


async def list_service(namespace: str, server: FastMCP, *, prefixed: bool = True) -> Listing:
    """What a service offers, as wire objects.

    Raises:
        ServiceBroken: a tool or prompt whose public name would not hold to `[A-Za-z0-9_-]{1,64}`.
    """
    tools = dedupe_with_versions(await server.list_tools(), lambda tool: tool.name)
    prompts = dedupe_with_versions(await server.list_prompts(), lambda prompt: prompt.name)
    resources = dedupe_with_versions(await server.list_resources(), lambda resource: str(resource.uri))
    templates = dedupe_with_versions(await server.list_resource_templates(), lambda template: template.uri_template)
    if prefixed:
        _check_names(namespace, [item.name for item in (*tools, *prompts)])
    return Listing(
        tools=_wire([_tool(f"{namespace}_" if prefixed else "", tool) for tool in tools]),
        resources=_wire([resource.to_mcp_resource() for resource in resources]),
        templates=_wire([template.to_mcp_template() for template in templates]),
        prompts=_wire([prompt.to_mcp_prompt() for prompt in prompts]),
        instructions=server.instructions or "",
        hints={
            method: {"ttlMs": hint.ttl_ms, "cacheScope": hint.scope}
            for method, hint in server._mcp_server.cache_hints.items()
        },
        heard_at=time.time(),
    )


def _tool(prefix: str, tool: Tool) -> types.Tool:
    """A tool under its own name, but with the title that FastMCP makes of its public one where it has none."""
    return tool.to_mcp_tool(name=f"{prefix}{tool.name}").model_copy(update={"name": tool.name})


def _wire(items: Sequence[BaseModel]) -> tuple[dict[str, Any], ...]:
    return tuple(item.model_dump(by_alias=True, mode="json", exclude_none=True) for item in items)


def _check_names(namespace: str, names: Sequence[str]) -> None:
    # FastMCP mounts a service's tools under the plain prefix, so what would need a change here must change there.
    bad = [name for name, public in public_names(namespace, names).items() if public != f"{namespace}_{name}"]
    if bad:
        raise ServiceBroken(
            f"Service '{namespace}' offers names that do not hold to the grammar, such as '{bad[0]}'. "
            "Rename it: letters, digits, _ and -, 64 with the namespace."
        )
