"""Keys over HTTP: what one opens, what it does not, and what becomes of guessing (row 20)."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from gateway.policy.keys import KeyStore
from tests.contract.pairs import CLIENTS, Era
from tests.contract.wire import Wire, wire
from tests.gateways.kit import configuration, over_http, plain_http
from tests.upstreams.messages import ACCEPT, initialize, modern_call
from tests.upstreams.running import Running

FORBIDDEN = 40300
UNKNOWN_KEY = f"gw_{'b' * 8}_{'B' * 43}"

each_client = pytest.mark.parametrize("era", CLIENTS)


class Guarded(NamedTuple):
    """A gateway that asks for keys, and where they are made and revoked."""

    url: str
    keys: KeyStore

    def make(self, *scopes: str) -> tuple[str, dict[str, str]]:
        """A new key's id, and the header that shows it."""
        record, key = self.keys.create("caller", scopes)
        return record.id, bearer(key)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def guarded(tmp_path: Path, raw_modern: Running) -> AsyncGenerator[Guarded]:
    keys = KeyStore(tmp_path / "var")
    keys.create("the first, which turns keys on", ["*"])
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url):
        yield Guarded(url, keys)


async def status(url: str, headers: dict[str, str], body: Any = None) -> httpx.Response:
    """The answer to one call, or to `body`."""
    call, own = modern_call("own_shout", text="hello")
    async with plain_http() as client:
        return await client.post(
            url, json=body or call, headers={**own, **headers} if body is None else {**ACCEPT, **headers}
        )


async def names(client: Wire, method: str, member: str, key: str) -> set[str]:
    return {each[key] for each in (await client.ask(method)).result[member]}


@each_client
async def test_a_key_shows_and_opens_what_its_scopes_say(guarded: Guarded, era: Era) -> None:
    _, reader = guarded.make("raw:read", "own_greet")
    async with wire(guarded.url, era, reader) as client:
        assert await names(client, "tools/list", "tools", "name") == {"raw_echo", "raw_add", "raw_whoami"}
        assert await names(client, "prompts/list", "prompts", "name") == {"raw_greet", "raw_plain", "own_greet"}
        assert len(await names(client, "resources/list", "resources", "uri")) == 3
        assert (await client.call("raw_echo", text="hello")).result["content"][0]["text"] == "hello"
        assert "result" in (await client.ask("prompts/get", name="own_greet", arguments={"name": "Ada"})).final
        for refused in (
            await client.call("raw_slow", seconds=0),
            await client.call("own_shout", text="hello"),
            await client.ask("resources/read", uri="config://server"),
            await client.ask("resources/read", uri="text://own/notes"),
        ):
            assert refused.error["code"] == FORBIDDEN
            assert refused.error["data"]["kind"] == "forbidden"
            assert "*" in refused.error["data"]["required_scopes"]
            assert "Ask whoever runs the gateway" in refused.error["message"]


@each_client
async def test_a_key_for_everything_shows_and_opens_everything(guarded: Guarded, era: Era) -> None:
    _, everything = guarded.make("*")
    async with wire(guarded.url, era, everything) as client:
        assert len(await names(client, "tools/list", "tools", "name")) == 16
        assert "result" in (await client.call("own_shout", text="hello")).final
        assert "result" in (await client.ask("resources/read", uri="status://system")).final


async def test_a_revoked_key_opens_nothing_any_more_not_even_in_an_open_session(guarded: Guarded) -> None:
    id, header = guarded.make("*")
    async with wire(guarded.url, "legacy", header) as client:
        assert "result" in (await client.call("own_shout", text="hello")).final
        guarded.keys.revoke(id)
        revoked = time.monotonic()
        while (await client.call("own_shout", text="hello")).status != 401:
            assert time.monotonic() - revoked < 1
        assert (await status(guarded.url, header)).status_code == 401


async def test_a_key_that_is_made_while_the_gateway_runs_opens_it_at_once(guarded: Guarded) -> None:
    for _ in range(3):
        _, header = guarded.make("own:read")
        assert (await status(guarded.url, header)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {UNKNOWN_KEY}"},
        {"Authorization": "Bearer canary"},
        {"Authorization": "Basic Y2FuYXJ5OmNhbmFyeQ=="},
        {"X-API-Key": UNKNOWN_KEY},
        {"Cookie": f"key={UNKNOWN_KEY}"},
    ],
    ids=lambda headers: "-".join(headers) or "nothing",
)
async def test_nothing_else_opens_it_and_the_answer_quotes_nothing(guarded: Guarded, headers: dict[str, str]) -> None:
    for body in (None, initialize()):
        answer = await status(guarded.url, headers, body)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "canary" not in answer.text + str(answer.headers)
        assert UNKNOWN_KEY not in answer.text + str(answer.headers)


async def test_a_key_counts_only_in_its_header(guarded: Guarded) -> None:
    _, header = guarded.make("*")
    key = header["Authorization"].removeprefix("Bearer ")
    for query in (f"?access_token={key}", f"?key={key}", f"?authorization=Bearer%20{key}"):
        assert (await status(guarded.url + query, {})).status_code == 401


async def test_a_part_of_a_key_is_no_key(guarded: Guarded) -> None:
    _, header = guarded.make("*")
    right = header["Authorization"].removeprefix("Bearer ")
    id = right.split("_")[1]
    for wrong in (
        right[:-1],
        right + "A",
        f"gw_{id}_{'A' * 43}",
        right.upper(),
        f"gw_{'c' * 8}_{right.split('_', 2)[2]}",
    ):
        assert (await status(guarded.url, bearer(wrong))).status_code == 401


async def test_after_ten_wrong_keys_an_address_has_to_wait_even_with_a_right_one(guarded: Guarded) -> None:
    _, right = guarded.make("*")
    answers = [await status(guarded.url, bearer(f"gw_{'b' * 8}_{'B' * 42}{number:x}")) for number in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert (await status(guarded.url, right)).status_code == 429
    async with plain_http() as client:
        origin = guarded.url.removesuffix("/mcp")
        assert (await client.get(f"{origin}/metrics", headers=right)).status_code == 429
        assert (await client.get(f"{origin}/healthz")).status_code == 200
