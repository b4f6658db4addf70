"""Where a verb's calls go."""

from pathlib import Path

import pytest

from gateway.cli.target import bearer_from, connected
from gateway.client import text_of
from gateway.errors import InvalidRequest
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import Running


async def test_without_a_url_it_is_the_gateway_that_is_configured(tmp_path: Path, raw_modern: Running):
    file = written(
        tmp_path, configuration({"raw": raw_modern}, "[server]\nstate_dir = '/'".replace("/", str(tmp_path)))
    )
    async with connected(None, None, file, ["raw_echo"]) as server:
        assert text_of(await server.call("raw_echo", {"text": "hello"})) == "hello"
        assert text_of(await server.call("own_shout", {"text": "hello"})) == "HELLO"


async def test_with_a_url_it_is_whatever_is_there(raw_modern: Running):
    async with connected(raw_modern.url, None, None, ["echo"]) as server:
        assert text_of(await server.call("echo", {"text": "hello"})) == "hello"


async def test_a_token_without_a_url_is_refused():
    with pytest.raises(InvalidRequest, match="--at"):
        async with connected(None, "TOKEN", None, []):
            pass


def test_a_token_comes_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKEN", "CANARY")
    assert bearer_from("TOKEN") == "CANARY"
    assert bearer_from(None) == ""
    monkeypatch.setenv("TOKEN", "")
    with pytest.raises(InvalidRequest, match="TOKEN is not set"):
        bearer_from("TOKEN")
