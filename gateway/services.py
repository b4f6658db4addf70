"""Our own FastMCP servers: found by dotted path, made from their settings, and listed like any upstream."""

import importlib
import time
from collections.abc import Sequence
from typing import Any

from fastmcp import FastMCP
from pydantic import BaseModel, ValidationError

from gateway.catalog.names import public_names
from gateway.config.model import ServiceConfig
from gateway.errors import ConfigurationError, Fault
from gateway.model.listing import Listing

FILE = "gateway.toml"


def load_service(namespace: str, config: ServiceConfig) -> FastMCP:
    """The server of one service, made anew.

    Its module has `create_server(settings)` and `Settings`; or the configuration names a ready object, as
    `module:object`, which takes no settings.

    Raises:
        ConfigurationError: there is no such module or object, or the settings are wrong.
    """
    path, _, attribute = (config.module or f"services.{namespace}.server").partition(":")
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        raise _fault(
            namespace, "module", f"cannot be imported: there is no '{error.name}'", "Check its dotted path."
        ) from error
    if not attribute and hasattr(module, "create_server"):
        return module.create_server(_settings(namespace, module.Settings, config.settings))
    server = getattr(module, attribute or "mcp", None)
    if not isinstance(server, FastMCP):
        raise _fault(
            namespace, "module", "has neither create_server nor a FastMCP object", "Name one: `module:object`."
        )
    if config.settings:
        raise _fault(namespace, min(config.settings), "is no key of this service", "A ready object takes no settings.")
    return server


def _settings(namespace: str, model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        known = ", ".join(sorted(model.model_fields))
        raise ConfigurationError(
            [
                Fault(
                    FILE, f"services.{namespace}.{'.'.join(map(str, each['loc']))}", each["msg"], f"Its keys: {known}."
                )
                for each in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        ) from None


def _fault(namespace: str, key: str, problem: str, cure: str) -> ConfigurationError:
    return ConfigurationError([Fault(FILE, f"services.{namespace}.{key}", problem, cure)])


async def list_service(namespace: str, server: FastMCP, *, prefixed: bool = True) -> Listing:
    """What a service offers, as wire objects.

    Raises:
        ConfigurationError: a tool or prompt whose public name would not hold to `[A-Za-z0-9_-]{1,64}`.
    """
    tools = [tool.to_mcp_tool() for tool in await server.list_tools()]
    prompts = [prompt.to_mcp_prompt() for prompt in await server.list_prompts()]
    if prefixed:
        _check_names(namespace, [item.name for item in (*tools, *prompts)])
    return Listing(
        tools=_wire(tools),
        resources=_wire([resource.to_mcp_resource() for resource in await server.list_resources()]),
        templates=_wire([template.to_mcp_template() for template in await server.list_resource_templates()]),
        prompts=_wire(prompts),
        instructions=server.instructions or "",
        heard_at=time.time(),
    )


def _wire(items: Sequence[BaseModel]) -> tuple[dict[str, Any], ...]:
    return tuple(item.model_dump(by_alias=True, mode="json", exclude_none=True) for item in items)


def _check_names(namespace: str, names: Sequence[str]) -> None:
    # FastMCP mounts a service's tools under the plain prefix, so what would need a change here must change there.
    bad = [name for name, public in public_names(namespace, names).items() if public != f"{namespace}_{name}"]
    if bad:
        raise _fault(
            namespace,
            "module",
            f"the name '{bad[0]}' does not hold to the grammar",
            "Rename it: letters, digits, _ and -, 64 with the namespace.",
        )
