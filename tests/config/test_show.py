"""A configuration for people to see."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.config.load import load_text
from gateway.config.model import GatewayConfig
from gateway.config.show import as_dict, as_toml, schema, secrets_of, whereabouts

SPOTS: list[Callable[[str], dict[str, Any]]] = [
    lambda secret: upstream(url="https://example.com/mcp", auth={"bearer": secret}),
    lambda secret: upstream(url="https://example.com/mcp", headers={"X-Anything": secret}),
    lambda secret: upstream(url=f"https://example.com/mcp?anything={secret}"),
    lambda secret: upstream(url=f"https://example.com/mcp?a=b&c={secret}#{secret}"),
    lambda secret: upstream(url=f"https://user:{secret}@example.com/mcp"),
    lambda secret: upstream(url=f"https://{secret}@example.com/mcp"),
    lambda secret: upstream(url=f"https://example.com/s/a1b2c3d4e5f6g7h8{secret}/mcp"),
    lambda secret: upstream(command="npx", env={"ANYTHING": secret}),
    lambda secret: upstream(command="npx", args=["--token", secret]),
    lambda secret: upstream(command="npx", args=[f"--api-key={secret}"]),
    lambda secret: upstream(command="npx", args=[f"sk-12345678{secret}"]),
    lambda secret: upstream(command="docker", args=["run", "-e", f"ANYTHING={secret}", "image"]),
    lambda secret: upstream(command="npx", args=["mcp-remote", "https://x", "--header", f"Authorization: B {secret}"]),
    lambda secret: upstream(command="npx", args=[f"postgresql://user:{secret}@localhost/db"]),
    lambda secret: upstream(command="npx", args=[json.dumps({"anything": secret})]),
    lambda secret: service(url=f"postgresql+asyncpg://user:{secret}@localhost/db"),
    lambda secret: service(url=f"sqlite:///x.db?key={secret}"),
    lambda secret: service(api_key=secret),
    lambda secret: service(openapi=[{"headers": {"anything": secret}, "auth": {"anything": [secret]}}]),
    lambda secret: {"auth": {"jwt": {"a": {"issuer": "i", "audience": "a", "public_key": secret}}}},
    lambda secret: {"auth": {"jwt": {"a": {"issuer": "i", "audience": "a", "jwks_uri": f"https://x?key={secret}"}}}},
]


def upstream(**keys: Any) -> dict[str, Any]:
    return {"upstreams": {"a": keys}}


def service(**keys: Any) -> dict[str, Any]:
    return {"services": {"a": keys}}


@given(st.sampled_from(SPOTS), st.from_regex(r"CANARY[A-Za-z0-9_-]*", fullmatch=True))
@settings(deadline=None, max_examples=60)
def test_no_secret_is_shown_wherever_it_stands(spot: Callable[[str], dict[str, Any]], secret: str):
    config = GatewayConfig.model_validate(spot(secret))
    shown = json.dumps(as_dict(config)) + as_toml(config) + repr(config)
    shown += "".join(whereabouts(each) for each in config.upstreams.values())
    assert secret not in shown
    assert "****" in shown


@pytest.mark.parametrize("spot", SPOTS)
def test_what_is_hidden_is_known_by_the_word_so_that_no_log_can_hold_it(spot: Callable[[str], dict[str, Any]]):
    words = set(secrets_of(GatewayConfig.model_validate(spot("CANARY-8f3e1c"))))
    assert any(word.endswith("CANARY-8f3e1c") and " " not in word and "://" not in word for word in words)
    assert not words & {"Bearer", "https", "example.com", "npx", "--token", "localhost"}


def test_a_configuration_without_secrets_hides_nothing():
    assert list(secrets_of(GatewayConfig.model_validate(upstream(url="https://example.com/mcp")))) == []


def test_an_empty_secret_shows_that_it_is_missing():
    config = GatewayConfig.model_validate(upstream(url="https://example.com/mcp", auth={"bearer": ""}))
    assert as_dict(config)["upstreams"]["a"]["auth"] == {"bearer": ""}


def test_the_toml_is_a_configuration_again():
    text = """
        include = []
        server.port = 9000
        services = { data = { roots = ["data"], limits = { rows = 5 } } }
        upstreams.a = { url = "https://example.com/mcp", deadline = 5, sessions = "per_call" }
        upstreams.b = { command = "npx", args = ["-y", "pkg"], enabled = false }
    """
    config = load_text(text, None, {}).config
    assert load_text(as_toml(config), None, {}).config == config


def test_no_services_are_no_services_in_toml_too():
    config = load_text("[services]\n", None, {}).config
    assert load_text(as_toml(config), None, {}).config.services == {}


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({"url": "https://example.com/mcp?key=CANARY"}, "https://example.com/mcp?key=****"),
        ({"command": "npx", "args": ["-y", "pkg", "--token", "CANARY"]}, "npx -y pkg --token ****"),
        ({"command": "sh", "args": ["-c", "a\n\x1b[31mb"]}, "sh -c a??[31mb"),
    ],
)
def test_whereabouts_is_one_line(keys: dict[str, Any], shown: str):
    config = GatewayConfig.model_validate(upstream(**keys))
    assert whereabouts(config.upstreams["a"]) == shown


class TestSchema:
    def test_it_is_a_schema_that_describes_every_key(self):
        found = schema()
        Draft202012Validator.check_schema(found)
        bare = [
            f"{title}.{key}"
            for title, section in {"": found, **found["$defs"]}.items()
            for key, value in section["properties"].items()
            if not value.get("description") and "$ref" not in value  # pydantic leaves out what the section itself says
        ]
        assert bare == []

    def test_it_takes_what_the_loader_takes_and_refuses_unknown_keys(self):
        validator = Draft202012Validator(schema())
        assert validator.is_valid({"server": {"port": 9000}, "upstreams": {"a": {"url": "https://example.com"}}})
        assert validator.is_valid({"services": {"data": {"any": ["thing"]}}})
        assert not validator.is_valid({"server": {"prot": 9000}})
        assert not validator.is_valid({"upstreams": {"a": {"off_because": "by hand"}}})


def test_paths_are_plain_text():
    assert as_dict(GatewayConfig())["server"]["state_dir"] == str(Path("var"))
