"""A configuration for people to see: secrets masked, as a dict or as TOML; and its JSON Schema."""

from typing import Any

import tomlkit

from gateway.config.masks import mask_arguments, mask_settings, mask_text, mask_url, plain
from gateway.config.model import GatewayConfig, UpstreamConfig


def as_dict(config: GatewayConfig) -> dict[str, Any]:
    """Every key with its value in force, JSON types only, secrets as `****`."""
    tree = plain(config.model_dump(exclude={"services", "upstreams"}))
    tree["auth"] = _urls_masked(tree["auth"])
    tree["services"] = {name: mask_settings(service.model_dump()) for name, service in config.services.items()}
    tree["upstreams"] = {name: _upstream(upstream) for name, upstream in config.upstreams.items()}
    return tree


def as_toml(config: GatewayConfig) -> str:
    """The same as TOML, without the keys that have no value and the tables that are empty."""
    return tomlkit.dumps(_without_nothing(as_dict(config)))


def schema() -> dict[str, Any]:
    """The JSON Schema of `gateway.toml`, every key described by its docstring in the model."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **GatewayConfig.model_json_schema()}


def whereabouts(upstream: UpstreamConfig) -> str:
    """Where an upstream is reached, in one line that may be shown."""
    if upstream.url is not None:
        return mask_url(upstream.url)
    words = [mask_text(upstream.command or ""), *mask_arguments(upstream.args)]
    return "".join(character if character.isprintable() else "?" for character in " ".join(words))


def _upstream(upstream: UpstreamConfig) -> dict[str, Any]:
    table = plain(upstream.model_dump())
    table["url"] = None if upstream.url is None else mask_url(upstream.url)
    table["command"] = None if upstream.command is None else mask_text(upstream.command)
    table["args"] = mask_arguments(upstream.args)
    return table


def _urls_masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _urls_masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_urls_masked(inner) for inner in value]
    return mask_url(value) if isinstance(value, str) else value


def _without_nothing(table: dict[str, Any]) -> dict[str, Any]:
    """Without what TOML cannot say or need not; no services at all is a statement, and stays."""
    return {
        key: _without_nothing(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None and (value != {} or key == "services")
    }
