"""Completion at the door: scopes, services, and answers that are none."""

from pathlib import Path

from gateway.policy.keys import KeyStore
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Running

GREET = {"ref": {"type": "ref/prompt", "name": "raw_greet"}, "argument": {"name": "style", "value": "f"}}


async def test_it_passes_the_guard(raw_modern: Running, tmp_path: Path):
    keys = KeyStore(tmp_path / "var")
    _, own = keys.create("own", ["own:read"])
    _, raw = keys.create("raw", ["raw:read"])
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url):
        async with wire(url, "modern", {"authorization": f"Bearer {own}"}) as client:
            refused = (await client.ask("completion/complete", **GREET)).error
        async with wire(url, "modern", {"authorization": f"Bearer {raw}"}) as client:
            answered = (await client.ask("completion/complete", **GREET)).result
    assert refused["data"]["kind"] == "forbidden"
    assert answered["completion"]["values"] == ["formal", "friendly"]


async def test_a_service_completes_nothing(raw_modern: Running, tmp_path: Path):
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url), wire(url, "modern") as client:
        of_template = {"type": "ref/resource", "uri": "status://system"}
        answer = await client.ask("completion/complete", ref=of_template, argument={"name": "x", "value": ""})
    assert answer.result["completion"]["values"] == []


async def test_the_upstreams_own_error_is_kept(raw_modern: Running, tmp_path: Path):
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url), wire(url, "modern") as client:
        nothing = {**GREET, "argument": {"name": "nothing", "value": ""}}
        answer = await client.ask("completion/complete", **nothing)
    assert answer.error["message"] == "Nothing to complete there"
