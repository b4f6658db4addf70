"""Secrets in plain strings."""

from typing import Any

import pytest

from gateway.config.masks import MASK, looks_secret, mask_arguments, mask_settings, mask_text, mask_url

KEYS = [
    "sk-proj-abcdefgh1234",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0",
    "xoxb-123456789012-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.e30.abc",
    "3f2b8c1e-9d4a-4b6f-8a7e-1c2d3e4f5a6b",
    "a1b2c3d4e5f6a7b8c9d0",
]
WORDS = [
    "@modelcontextprotocol/server-everything@2025.11.25",
    "task-manager-server",
    "mcp-server-fetch",
    "exciting-jade-guineafowl.fastmcp.app",
    "--allow-write",
    "2026-07-28",
    "key-value",
]


@pytest.mark.parametrize("word", KEYS)
def test_a_key_looks_like_one(word: str):
    assert looks_secret(word)
    assert mask_arguments(["-y", word]) == ["-y", MASK]


@pytest.mark.parametrize("word", WORDS)
def test_a_plain_word_does_not(word: str):
    assert not looks_secret(word)
    assert mask_text(word) == word


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://example.com/mcp", "https://example.com/mcp"),
        ("https://example.com:8443/@org/name/mcp", "https://example.com:8443/@org/name/mcp"),
        ("https://example.com/mcp?key=CANARY&b=CANARY#CANARY", "https://example.com/mcp?key=****&b=****#****"),
        ("https://example.com/mcp?CANARY", "https://example.com/mcp?****"),
        ("https://CANARY@example.com/mcp", "https://****@example.com/mcp"),
        ("postgresql+asyncpg://user:CANARY@db/name", "postgresql+asyncpg://****@db/name"),
        ("postgresql://user:p/CANARY?x@db/name", "postgresql://****@db/name"),
        ("sqlite+aiosqlite:///var/gateway.db", "sqlite+aiosqlite:///var/gateway.db"),
        ("https://example.com/s/a1b2c3d4e5f6a7b8CANARY/mcp", "https://example.com/s/****/mcp"),
        ("see http://a:CANARY@b and http://c?d=CANARY", "see http://****@b and http://c?d=****"),
    ],
)
def test_a_url_keeps_what_is_no_secret(url: str, masked: str):
    assert mask_url(url) == masked


@pytest.mark.parametrize(
    ("arguments", "masked"),
    [
        (["--token", "CANARY", "--verbose"], ["--token", MASK, "--verbose"]),
        (["--api-key=CANARY"], ["--api-key=****"]),
        (["--key", "--verbose"], ["--key", "--verbose"]),
        (["-e", "NAME", "-e", "A=CANARY"], ["-e", "NAME", "-e", "A=****"]),
        (["--header", "X-Any: CANARY CANARY"], ["--header", "X-Any: ****"]),
        (["Authorization: Bearer CANARY"], ["Authorization: ****"]),
        (["-c", "PORT=3 API_TOKEN=CANARY run CANARY"], ["-c", "PORT=3 API_TOKEN=****"]),
        (["--config", '{"apiKey": "CANARY"}'], ["--config", MASK]),
        (["mcp-remote", "https://example.com/sse?key=CANARY"], ["mcp-remote", "https://example.com/sse?key=****"]),
        (["/home/user/a1b2c3d4e5f6a7b8CANARY/x"], ["/home/user/****/x"]),
    ],
)
def test_arguments_keep_what_is_no_secret(arguments: list[str], masked: list[str]):
    assert mask_arguments(arguments) == masked


@pytest.mark.parametrize(
    ("settings", "masked"),
    [
        ({"url": "postgresql://u:CANARY@db/name", "rows": 5}, {"url": "postgresql://****@db/name", "rows": 5}),
        ({"api_key": "CANARY", "password": 12345, "secret": ""}, {"api_key": MASK, "password": MASK, "secret": ""}),
        ({"documents": [{"headers": {"X-Any": "CANARY"}}]}, {"documents": [{"headers": {"X-Any": MASK}}]}),
        ({"credentials": {"deep": ["CANARY"]}, "on": True}, {"credentials": {"deep": [MASK]}, "on": True}),
        ({"dsn": "Server=db;Password=CANARY"}, {"dsn": "Server=db;Password=****"}),
        ({"roots": ["data", "~/more"]}, {"roots": ["data", "~/more"]}),
    ],
)
def test_a_services_settings_are_masked_by_name_and_by_look(settings: dict[str, Any], masked: dict[str, Any]):
    assert mask_settings(settings) == masked
