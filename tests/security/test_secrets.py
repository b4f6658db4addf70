"""No secret is in anything that the gateway writes or answers, however things go wrong (row 15)."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from gateway.policy.keys import KeyStore
from tests.conftest import Keep
from tests.contract.pairs import CLIENTS, Era
from tests.contract.wire import wire
from tests.gateways.kit import Served, configuration, plain_http, served
from tests.policy.issuer import AUDIENCE
from tests.upstreams.kit import raw_http
from tests.upstreams.messages import ACCEPT

ISSUER = "https://issuer.example"
CLOSED = "127.0.0.1:9"  # the discard service, which nothing serves here
CONFIGURED = {
    name: f"canary-{name}-8f3e1c5b7a9d24601357"
    for name in (
        "upstream-bearer", "upstream-header", "upstream-env", "upstream-argument", "url-query", "url-password",
        "database-password", "key-pepper", "issuer-secret",
    )
}  # fmt: skip
SENT = {
    name: f"canary-{name}-8f3e1c5b7a9d24601357"
    for name in ("cookie", "api-key", "argument", "nested-argument", "query", "uri-query", "basic", "body", "wrong-key")
}
CHILD = """
import os, sys
print("cannot log in with", os.environ["UPSTREAM_TOKEN"], *sys.argv[1:], file=sys.stderr)
sys.exit(3)
"""


def text(upstream: str) -> str:
    """A configuration with a secret in every place that can hold one."""
    secret = CONFIGURED
    own = f"auth.bearer = '{secret['upstream-bearer']}'\nheaders = {{ X-Secret = '{secret['upstream-header']}' }}\n"
    more = f"""{own}
[upstreams.child]
command = {json.dumps(sys.executable)}
args = ["-c", {json.dumps(CHILD)}, "--token", "{secret["upstream-argument"]}"]
env = {{ UPSTREAM_TOKEN = "{secret["upstream-env"]}" }}
[upstreams.query]
url = "http://{CLOSED}/mcp?api_key={secret["url-query"]}"
[upstreams.user]
url = "http://someone:{secret["url-password"]}@{CLOSED}/mcp"
[services.database]
url = "postgresql+asyncpg://someone:{secret["database-password"]}@{CLOSED}/nothing"
[auth.jwt.issuer]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
algorithm = "HS256"
public_key = "{secret["issuer-secret"]}"
grant = ["*"]
"""
    return configuration({"raw": upstream}, more)


def token(**changes: object) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + 300, **changes}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CONFIGURED["issuer-secret"]))


class Heard:
    """Every answer of a gateway."""

    def __init__(self, gateway: Served):
        self.gateway = gateway
        self.answers: list[str] = []

    async def talk(self, era: Era, credential: str) -> None:
        """Use everything there is, well and badly."""
        headers = {
            "Authorization": f"Bearer {credential}",
            "Cookie": f"session={SENT['cookie']}",
            "X-API-Key": SENT["api-key"],
        }
        arguments: dict[str, Any] = {"text": SENT["argument"], "deep": {"password": SENT["nested-argument"]}}
        async with wire(self.gateway.url, era, headers, open=False) as client:
            self.answers.append(json.dumps(await client.open()))
            for answer in [
                *[
                    await client.ask(f"{each}/list")
                    for each in ("tools", "resources", "resources/templates", "prompts")
                ],
                await client.call("raw_echo", text="hello"),
                await client.call("raw_error", code=1, message="too bad", **arguments),
                await client.call("own_crash", **arguments),
                await client.call("own_shout", text=[SENT["argument"]], times=arguments),
                await client.call("child_anything", **arguments),
                await client.call("database_schema"),
                await client.ask("resources/read", uri="config://server"),
                await client.ask("resources/read", uri="status://system"),
                await client.ask("resources/read", uri=f"text://raw/raw/nothing?token={SENT['uri-query']}"),
                *[await client.ask("resources/read", uri=f"text://{each}/x") for each in ("child", "query", "user")],
            ]:
                self.answers.append(f"{answer.headers} {json.dumps(answer.messages, ensure_ascii=False)}")

    async def ask(self, path: str = "/mcp", body: str | None = None, **headers: str) -> None:
        """One request that is no MCP."""
        async with plain_http() as client:
            method = "GET" if body is None else "POST"
            answer = await client.request(
                method, self.gateway.origin + path, content=body, headers={**ACCEPT, **headers}
            )
        self.answers.append(f"{answer.headers} {answer.text}")


@pytest.fixture(scope="module")
def gateway(keep: Keep, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A gateway that holds secrets, and a key to it."""
    folder: Path = tmp_path_factory.mktemp("secrets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_KEY_PEPPER", CONFIGURED["key-pepper"])
        _, key = KeyStore(folder / "var", CONFIGURED["key-pepper"]).create("caller", ["*"])
        with served(folder, text(keep(raw_http(era="modern")).url)) as gateway:
            yield gateway, key


class Said(NamedTuple):
    """All that the gateway wrote, all that it answered, and the credentials that were shown to it."""

    written: str
    answered: str
    shown: dict[str, str]

    @property
    def everything(self) -> str:
        return self.written + self.answered


@pytest.fixture(scope="module")
def said(gateway: tuple[Served, str]) -> Said:
    return asyncio.run(everything_said(*gateway))


async def everything_said(gateway: Served, key: str) -> Said:
    shown = {
        "key": key,
        "unknown-key": f"gw_{'b' * 8}_{'B' * 43}",
        "token": token(),
        "expired-token": token(exp=1, email="ada@canary.example"),
    }
    heard = Heard(gateway)
    for era in CLIENTS:
        await heard.talk(era, shown["key"])
    await heard.talk("modern", shown["token"])
    for credential in (shown["unknown-key"], shown["expired-token"], SENT["wrong-key"]):
        await heard.ask(body="{}", Authorization=f"Bearer {credential}")
    await heard.ask(body="{}", Authorization=f"Basic {SENT['basic']}")
    await heard.ask(body=f'{{"token": "{SENT["body"]}"', Authorization=f"Bearer {key}")
    await heard.ask(body=f'{{"jsonrpc": "2.0", "id": 1, "method": "{SENT["body"]}"}}', Authorization=f"Bearer {key}")
    await heard.ask(f"/mcp?api_key={SENT['query']}", body="{}", Authorization=f"Bearer {key}")
    for path in ("/healthz", "/readyz", "/metrics", f"/nothing?token={SENT['query']}"):
        await heard.ask(path, Authorization=f"Bearer {key}")
    return Said(gateway.said(), "\n".join(heard.answers), shown)


@pytest.mark.parametrize("name", CONFIGURED)
def test_no_configured_secret_is_in_what_the_gateway_says(said: Said, name: str) -> None:
    assert CONFIGURED[name] not in said.everything


@pytest.mark.parametrize("name", SENT)
def test_nothing_secret_that_a_caller_sent_is(said: Said, name: str) -> None:
    # An upstream may say back to its caller which URI it did not find.
    assert SENT[name] not in (said.written if name == "uri-query" else said.everything)


@pytest.mark.parametrize("name", ["key", "unknown-key", "token", "expired-token"])
def test_no_credential_of_a_caller_is_and_not_even_its_end(said: Said, name: str) -> None:
    credential = said.shown[name]
    end = credential.rpartition(".")[2] if "token" in name else credential.split("_", 2)[2]
    assert credential not in said.everything
    assert end not in said.everything


def test_enough_was_said_to_find_one_in(said: Said) -> None:
    for words in ("exit status 3", "Traceback", "raw_error", '"outcome": "error"', "/mcp", "own_crash"):
        assert words in said.written
    for words in ("cannot log in with", "upstream_down", "****", "The arguments do not fit"):
        assert words in said.answered
