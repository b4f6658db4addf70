"""A configuration for people to see: secrets masked, as a dict or as TOML; and its JSON Schema."""

import re
from collections.abc import Iterator
from typing import Any

import tomlkit
from pydantic import SecretStr

from gateway.config.masks import mask_arguments, mask_settings, mask_text, mask_url, plain
from gateway.config.model import GatewayConfig, UpstreamConfig

# What a secret in a longer text may be cut out as: a URL, an option with its value, a header.
WORDS = re.compile(r"[^\s=:/?&@#,;\"'{}\[\]]+")
SCHEMES = frozenset({"Bearer", "Basic"})


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


def secrets_of(config: GatewayConfig) -> Iterator[str]:
    """Every text that `as_dict` hides, whole and by the word, so that none can be logged."""
    yield from _hidden(_revealed(config.model_dump()), as_dict(config))


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


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _revealed(inner) for key, inner in value.items()}
    return [_revealed(inner) for inner in value] if isinstance(value, list | tuple) else value


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    """The texts in `value` that are not in `shown`, which has the same shape as far as it shows anything."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _hidden(inner, shown.get(key) if isinstance(shown, dict) else shown)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _hidden(inner, shown[number] if isinstance(shown, list) else shown)
    elif isinstance(value, str) and value and value != shown:
        yield value
        yield from (word for word in WORDS.findall(value) if word not in str(shown) and word not in SCHEMES)


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
