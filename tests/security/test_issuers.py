"""Tokens of a real issuer over HTTP, beside keys, and the document that tells clients where to get one (row 2)."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from gateway.policy.keys import KeyStore
from tests.contract.pairs import CLIENTS, Era
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http, plain_http
from tests.policy.issuer import AUDIENCE, Issuer, issuer
from tests.upstreams.messages import modern_call
from tests.upstreams.running import Running

PUBLIC = "https://gateway.example.com"
METADATA = "/.well-known/oauth-protected-resource/mcp"

each_client = pytest.mark.parametrize("era", CLIENTS)


class Trusting(NamedTuple):
    """A gateway that trusts an issuer, for tokens and for OAuth, and takes keys."""

    url: str
    issuer: Issuer
    key: str


@pytest.fixture(scope="module")
def running_issuer() -> Generator[Issuer]:
    with issuer() as running:
        yield running


def trust(issuer: Issuer) -> str:
    return f'issuer = "{issuer.url}"\naudience = "{AUDIENCE}"\njwks_uri = "{issuer.jwks_uri}"\n'


@pytest.fixture
async def trusting(tmp_path: Path, raw_modern: Running, running_issuer: Issuer) -> AsyncGenerator[Trusting]:
    _, key = KeyStore(tmp_path / "var").create("caller", ["own:*"])
    more = f"""
[server]
public_url = "{PUBLIC}"
[auth.oauth]
authorization_servers = ["{running_issuer.url}"]
scopes_supported = ["raw:read", "raw:write"]
[auth.oauth.token]
{trust(running_issuer)}
"""
    async with over_http(tmp_path, configuration({"raw": raw_modern}, more)) as (_, url):
        yield Trusting(url, running_issuer, key)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def call(url: str, headers: dict[str, str]) -> httpx.Response:
    body, own = modern_call("raw_echo", text="hello")
    async with plain_http() as client:
        return await client.post(url, json=body, headers={**own, **headers})


@each_client
async def test_a_token_opens_what_its_scopes_say(trusting: Trusting, era: Era) -> None:
    token = trusting.issuer.token(scope="raw:read profile email")
    async with wire(trusting.url, era, bearer(token)) as client:
        listed = {tool["name"] for tool in (await client.ask("tools/list")).result["tools"]}
        assert listed == {"raw_echo", "raw_add", "raw_whoami"}
        assert (await client.call("raw_echo", text="hello")).result["content"][0]["text"] == "hello"
        refused = await client.call("own_shout", text="hello")
        assert (refused.status, refused.error["data"]["kind"]) == (403, "forbidden")
        assert f'scope="own:read", resource_metadata="{PUBLIC}{METADATA}"' in refused.headers["www-authenticate"]


@each_client
async def test_keys_go_on_working_beside_tokens(trusting: Trusting, era: Era) -> None:
    async with wire(trusting.url, era, bearer(trusting.key)) as client:
        assert (await client.call("own_shout", text="hello")).result["content"][0]["text"] == "HELLO"
        assert (await client.call("raw_echo", text="hello")).error["data"]["kind"] == "forbidden"


async def test_a_token_alone_is_enough(tmp_path: Path, raw_modern: Running, running_issuer: Issuer) -> None:
    text = configuration({"raw": raw_modern}, f"[auth.jwt.company]\n{trust(running_issuer)}grant = ['raw:read']\n")
    async with over_http(tmp_path, text) as (_, url):
        assert (await call(url, bearer(running_issuer.token(scope="")))).status_code == 200
        assert (await call(url, {})).status_code == 401
        assert (await call(url, bearer(running_issuer.token(aud="https://other.example")))).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/mcp"},
        {"aud": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
    ],
    ids=lambda changes: "-".join(
        f"{name}-{'missing' if value is None else 'wrong'}" for name, value in changes.items()
    ),
)
async def test_a_bad_token_opens_nothing(trusting: Trusting, changes: dict) -> None:
    answer = await call(trusting.url, bearer(trusting.issuer.token(**changes)))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_whoever_has_no_token_is_told_where_to_get_one(trusting: Trusting) -> None:
    answer = await call(trusting.url, {})
    assert answer.status_code == 401
    assert f'resource_metadata="{PUBLIC}{METADATA}"' in answer.headers["www-authenticate"]
    async with plain_http() as client:
        document = await client.get(
            trusting.url.removesuffix("/mcp") + METADATA, headers={"Host": "gateway.example.com"}
        )
    assert document.status_code == 200
    assert document.headers["content-type"].startswith("application/json")
    said = document.json()
    assert said["resource"] == f"{PUBLIC}/mcp"
    assert said["authorization_servers"] == [trusting.issuer.url]
    assert said["scopes_supported"] == ["raw:read", "raw:write"]
    assert said["bearer_methods_supported"] == ["header"]


async def test_the_document_tells_nothing_to_a_page_under_another_name(trusting: Trusting) -> None:
    async with plain_http() as client:
        answer = await client.get(trusting.url.removesuffix("/mcp") + METADATA, headers={"Host": "evil.example"})
    assert answer.status_code == 421
