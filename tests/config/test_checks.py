"""Checks of single values."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import checks

GOOD: list[tuple[Callable[[str], str], str]] = [
    (checks.http_url, ""),
    (checks.http_url, "http://localhost:8000/mcp"),
    (checks.http_url, "https://user:pass@example.com/@org/mcp?key=x"),
    (checks.http_url, "http://[::1]:80/"),
    (checks.redis_url, "redis://localhost"),
    (checks.redis_url, "rediss://user:p%40ss@valkey.example.com:6380/0"),
    (checks.header_name, "X-API-Key"),
    (checks.header_value, "Basic dXNlcjpwYXNz"),
    (checks.bearer, "abc.def-_~+/="),
    (checks.state_key, "0123456789abcdef0123456789abcdef"),
    (checks.command, "npx"),
    (checks.command, "/opt/My Tools/run me"),
    (checks.command, "C:\\Program Files\\nodejs\\npx.cmd"),
    (checks.argument, "any text\n"),
    (checks.variable_name, "API_KEY"),
]
BAD: list[tuple[Callable[[str], str], str]] = [
    (checks.http_url, "example.com/mcp"),
    (checks.http_url, "HTTPS:/example.com"),
    (checks.http_url, "https://"),
    (checks.http_url, "https://example.com:99999"),
    (checks.http_url, "https://[::1"),
    (checks.http_url, "https://example.com/\r\nX: y"),
    (checks.redis_url, ""),
    (checks.redis_url, "localhost:6379"),
    (checks.redis_url, "http://localhost:6379"),
    (checks.redis_url, "redis://"),
    (checks.redis_url, "redis://localhost:99999"),
    (checks.redis_url, "redis://localhost:0"),
    (checks.redis_url, "redis://[::1"),
    (checks.redis_url, "redis://localhost?socket_timeout=0"),
    (checks.redis_url, "redis://localhost#x"),
    (checks.header_name, ""),
    (checks.header_name, "X Key"),
    (checks.header_name, "Host"),
    (checks.header_name, "mcp-session-id"),
    (checks.header_name, "Mcp-Param-Region"),
    (checks.header_value, "a\r\nb"),
    (checks.header_value, "漢字"),
    (checks.bearer, "Bearer abc"),
    (checks.command, "npx -y pkg"),
    (checks.command, " "),
    (checks.command, "a\0"),
    (checks.argument, "a\0"),
    (checks.variable_name, "A=B"),
    (checks.variable_name, ""),
]


@pytest.mark.parametrize(("check", "value"), GOOD)
def test_a_good_value_passes_unchanged(check: Callable[[str], str], value: str):
    assert check(value) == value


@pytest.mark.parametrize(("check", "value"), BAD)
def test_a_bad_value_is_refused(check: Callable[[str], str], value: str):
    with pytest.raises(ValueError, match=r"is|holds|must|names"):
        check(value)


@given(st.sampled_from([check for check, _ in BAD]), st.text())
@settings(deadline=None, max_examples=60)
def test_no_message_repeats_the_value(check: Callable[[str], str], noise: str):
    with pytest.raises(ValueError, match=r"is|holds|must|names") as refused:
        check(f"CANARY \0={noise}")
    assert "CANARY" not in str(refused.value)
