"""Completion at the door: scopes, services, and answers that are none."""

from pathlib import Path

from gateway.guard import Guard
from gateway.model.event import CallEvent
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


async def test_so_does_that_of_a_service_whose_failure_tells_nothing(tmp_path: Path):
    text = configuration({}, '[services.guess]\nmodule = "tests.gateways.completing:server"')
    keys = KeyStore(tmp_path / "var")
    _, own = keys.create("own", ["own:read"])
    _, guess = keys.create("guess", ["guess:read"])
    paint = {"ref": {"type": "ref/prompt", "name": "guess_paint"}, "argument": {"name": "colour", "value": "r"}}
    crash = {**paint, "argument": {"name": "nothing", "value": "crash"}}
    async with over_http(tmp_path, text) as (gateway, url):
        events: list[CallEvent] = []
        gateway.runtime.guard = Guard([events.append])
        async with wire(url, "modern", {"authorization": f"Bearer {own}"}) as client:
            refused = (await client.ask("completion/complete", **paint)).error
        async with wire(url, "modern", {"authorization": f"Bearer {guess}"}) as client:
            answered = (await client.ask("completion/complete", **paint)).result
            broken = (await client.ask("completion/complete", **crash)).error
    assert refused["data"]["kind"] == "forbidden"
    assert answered["completion"]["values"] == ["red"]
    assert "inside" not in broken["message"]
    assert [(event.name, event.outcome) for event in events] == [
        ("guess_paint", "refused"), ("guess_paint", "ok"), ("guess_paint", "tool_error")
    ]  # fmt: skip


async def test_a_service_without_a_handler_completes_nothing(raw_modern: Running, tmp_path: Path):
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url), wire(url, "modern") as client:
        of_template = {"type": "ref/resource", "uri": "status://system"}
        answer = await client.ask("completion/complete", ref=of_template, argument={"name": "x", "value": ""})
    assert answer.result["completion"]["values"] == []


async def test_the_upstreams_own_error_is_kept(raw_modern: Running, tmp_path: Path):
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url), wire(url, "modern") as client:
        nothing = {**GREET, "argument": {"name": "nothing", "value": ""}}
        answer = await client.ask("completion/complete", **nothing)
    assert answer.error["message"] == "Nothing to complete there"
