"""From a configuration to who may come in: nobody configured, one proof, or several at once."""

from pathlib import Path

import httpx
import pytest
from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider

from gateway.config.model import AuthConfig, GatewayConfig, JWTConfig, OAuthConfig, ServerConfig
from gateway.errors import ConfigurationError
from gateway.policy.authenticate import build_auth, resource_metadata
from gateway.policy.keys import KeyStore
from gateway.policy.proof import principal_of
from tests.policy.issuer import AUDIENCE, issuer

PUBLIC = "https://gateway.example.com"


@pytest.fixture(scope="module")
def first():
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def second():
    with issuer() as running:
        yield running


@pytest.fixture
def keys(tmp_path) -> KeyStore:
    return KeyStore(tmp_path)


def trust(issuer, **more) -> JWTConfig:
    return JWTConfig(**{"issuer": issuer.url, "audience": AUDIENCE, "jwks_uri": issuer.jwks_uri, **more})


def configuration(public_url: str | None = PUBLIC, **auth) -> GatewayConfig:
    return GatewayConfig(server=ServerConfig(public_url=public_url), auth=AuthConfig(**auth))


def test_with_nothing_configured_and_no_key_there_is_no_authentication(keys):
    assert build_auth(configuration(), keys) is None


def test_asking_for_keys_is_enough(keys):
    assert build_auth(configuration(keys=True), keys) is not None


def test_the_first_key_turns_keys_on_and_revoking_it_does_not_turn_them_off(keys):
    record, _ = keys.create("ci", ["*"])
    assert build_auth(configuration(), keys) is not None
    keys.revoke(record.id)
    assert build_auth(configuration(), keys) is not None


def test_a_damaged_key_file_stops_the_start(keys, tmp_path):
    keys.create("ci", ["*"])
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(ConfigurationError, match="damaged"):
        build_auth(configuration(), KeyStore(tmp_path))


async def scopes(auth: AuthProvider | None, token: str) -> list[str] | None:
    assert auth is not None
    access = await auth.verify_token(token)
    return None if access is None else access.scopes


async def who(auth: AuthProvider | None, token: str) -> tuple[str, str, list[str]]:
    assert auth is not None
    found = principal_of(await auth.verify_token(token))
    return found.subject, found.proof, sorted(found.scopes)


async def test_several_proofs_at_once_each_say_who_calls(keys, first, second):
    oauth = OAuthConfig(authorization_servers=(second.url,), token=trust(second, grant=("github:read",)))
    record, key = keys.create("ci", ["data:read"])
    auth = build_auth(configuration(jwt={"first": trust(first)}, oauth=oauth), keys)
    assert await who(auth, key) == (f"key:{record.id}", "key", ["data:read"])
    assert await who(auth, first.token()) == (f"jwt:{first.url}#ada", "jwt", ["data:read"])
    assert await who(auth, second.token()) == (f"jwt:{second.url}#ada", "oauth", ["data:read", "github:read"])
    assert await scopes(auth, first.token(aud="https://other.example.com")) is None
    assert await scopes(auth, second.token(exp=None)) is None


async def test_one_issuer_may_be_trusted_for_two_audiences(keys, first):
    other = trust(first, audience="https://other.example.com", grant=("github:read",))
    auth = build_auth(configuration(jwt={"one": trust(first), "two": other}), keys)
    assert await scopes(auth, first.token(aud=other.audience)) == ["data:read", "github:read"]
    assert await scopes(auth, first.token()) == ["data:read"]


async def served(auth) -> httpx.AsyncClient:
    app = FastMCP("gateway", auth=auth).http_app(path="/mcp")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC)


async def test_oauth_tells_clients_where_to_get_a_token(keys, first):
    servers = ("https://login.example.com", "https://login.example.com/tenant")
    oauth = OAuthConfig(authorization_servers=servers, token=trust(first), scopes_supported=("data:read",))
    async with await served(build_auth(configuration(oauth=oauth), keys)) as client:
        metadata = (await client.get("/.well-known/oauth-protected-resource/mcp")).json()
        refused = await client.post("/mcp", json={})
    where = resource_metadata(configuration(oauth=oauth), "/mcp")
    assert where == f"{PUBLIC}/.well-known/oauth-protected-resource/mcp"
    assert resource_metadata(configuration(), "/mcp") is None
    assert metadata["resource"] == f"{PUBLIC}/mcp"
    assert metadata["authorization_servers"] == list(servers)
    assert metadata["scopes_supported"] == ["data:read"]
    assert refused.status_code == 401
    assert (
        f'resource_metadata="{PUBLIC}/.well-known/oauth-protected-resource/mcp"' in refused.headers["www-authenticate"]
    )


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer gw_aaaaaaaa_" + "A" * 43, "Basic YTpi", "Bearer a.b.c"])
async def test_without_a_good_credential_nobody_comes_in(keys, first, header):
    keys.create("ci", ["*"])
    async with await served(build_auth(configuration(jwt={"first": trust(first)}), keys)) as client:
        assert (await client.post("/mcp", json={}, headers={"Authorization": header})).status_code == 401


FAULTS = {
    "oauth without a public URL": (
        {"public_url": None, "oauth": {"authorization_servers": ["https://login.example.com"]}},
        "server.public_url: is needed by auth.oauth",
        "https://mcp.example.com",
    ),
    "authorization server over http": (
        {"oauth": {"authorization_servers": ["http://login.example.com"]}},
        "auth.oauth.authorization_servers: holds a URL that cannot be trusted",
        "https",
    ),
    "authorization server no URL": (
        {"oauth": {"authorization_servers": ["login"]}},
        "auth.oauth.authorization_servers: holds a URL that cannot be trusted",
        "https",
    ),
    "keys over http": (
        {"jwt": {"corp": {"jwks_uri": "http://issuer.example.com/jwks"}}},
        "auth.jwt.corp.jwks_uri: could be changed on its way",
        "public_key",
    ),
    "no such algorithm": (
        {"jwt": {"corp": {"jwks_uri": "https://issuer.example.com/jwks", "algorithm": "none"}}},
        "auth.jwt.corp.algorithm: Unsupported algorithm",
        "RS256",
    ),
    "a secret fetched from afar": (
        {"jwt": {"corp": {"jwks_uri": "https://issuer.example.com/jwks", "algorithm": "HS256"}}},
        "auth.jwt.corp.algorithm: Symmetric",
        "RS256",
    ),
    "a short secret": (
        {"jwt": {"corp": {"public_key": "hunter2", "algorithm": "HS256"}}},
        "auth.jwt.corp.public_key: is no key for HS256",
        "RFC 7518",
    ),
    "not a PEM": (
        {"jwt": {"corp": {"public_key": "hunter2", "algorithm": "RS256"}}},
        "auth.jwt.corp.public_key: is no key for RS256",
        "PEM",
    ),
}


def completed(changes: dict) -> GatewayConfig:
    """A configuration from the parts that matter to a case."""
    common = {"issuer": "https://issuer.example.com", "audience": AUDIENCE}
    auth = {name: value for name, value in changes.items() if name != "public_url"}
    if "oauth" in auth:
        auth["oauth"] = {**auth["oauth"], "token": {**common, "jwks_uri": "https://login.example.com/jwks"}}
    auth["jwt"] = {name: {**common, **table} for name, table in auth.get("jwt", {}).items()}
    return configuration(changes.get("public_url", PUBLIC), **auth)


@pytest.mark.parametrize(("changes", "fault", "cure"), FAULTS.values(), ids=FAULTS)
def test_a_proof_that_cannot_work_stops_the_start_with_the_cure(tmp_path: Path, changes, fault, cure):
    with pytest.raises(ConfigurationError) as caught:
        build_auth(completed(changes), KeyStore(tmp_path))
    assert fault in str(caught.value)
    assert cure in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_all_faults_are_told_together(tmp_path):
    changes = {**FAULTS["keys over http"][0], **FAULTS["oauth without a public URL"][0]}
    with pytest.raises(ConfigurationError) as caught:
        build_auth(completed(changes), KeyStore(tmp_path))
    assert [fault.key for fault in caught.value.faults] == ["auth.jwt.corp.jwks_uri", "server.public_url"]
