"""The rows of docs/reliability.md for upstreams over HTTP: each breaks for real, before clients of both eras.

Modern clients come through the express door, legacy ones through the main door.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.contract.pairs import Era
from tests.contract.wire import Answer, Wire, wire
from tests.faults.kit import MANY, as_before, free_port, p99, until
from tests.gateways.kit import configuration, over_http, plain_http
from tests.upstreams.kit import Running, raw_http
from tests.upstreams.tcp_proxy import tcp_proxy

ERAS: list[Era] = ["modern", "legacy"]
DEADLINE = 1.0

both_eras = pytest.mark.parametrize("era", ERAS)


def gateway_for(folder: Path, upstreams: Mapping[str, Running | str], **keys: Any):
    """A gateway in front of them; `keys` are the last one's."""
    return over_http(folder, configuration(upstreams, "".join(f"{key} = {value}\n" for key, value in keys.items())))


async def tools(client: Wire) -> set[str]:
    return {tool["name"] for tool in (await client.ask("tools/list")).result["tools"]}


def text_of(answer: Answer) -> str:
    return answer.result["content"][0]["text"]


@both_eras
async def test_down_at_start(era: Era, raw_modern: Running, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    async with tcp_proxy(raw_modern.url, port), gateway_for(tmp_path, {"bad": url}):
        pass  # a run that hears what it offers
    began = time.monotonic()
    async with gateway_for(tmp_path, {"bad": url}) as (gateway, own_url), wire(own_url, era) as client:
        async with plain_http() as probe:
            assert (await probe.get(own_url.replace("/mcp", "/readyz"))).status_code == 200
        ready = time.monotonic() - began
        print(f"ready after {ready:.2f} s")
        assert ready < 5
        assert "bad_echo" in await tools(client)
        error = (await client.call("bad_echo", text="x")).error
        assert (error["code"], error["data"]["upstream"]) == (50301, "bad")
        assert f"It is down since {error['data']['since']}" in error["message"]
        async with tcp_proxy(raw_modern.url, port):
            back = await until(lambda: gateway.runtime.upstreams["bad"].health.state == "up")
            print(f"back {back:.1f} s after it was")
            assert back < 10
            assert text_of(await client.call("bad_echo", text="back")) == "back"


@both_eras
async def test_down_at_start_and_never_heard(era: Era, raw_modern: Running, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    async with gateway_for(tmp_path, {"bad": url}) as (_, own_url), wire(own_url, era) as client:
        error = (await client.call("bad_echo", text="x")).error
        assert (error["code"], error["data"]["upstream"]) == (50301, "bad")
        assert "bad_echo" not in await tools(client)
        async with tcp_proxy(raw_modern.url, port):
            await until_listed(client, "bad_echo")


async def until_listed(client: Wire, name: str, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while name not in await tools(client):  # noqa: ASYNC110 (a client has no event either)
            await asyncio.sleep(0.05)


async def timed(answering: Awaitable[Answer]) -> tuple[Answer, float]:
    """An answer, and the seconds that it took."""
    began = time.monotonic()
    return await answering, time.monotonic() - began


@both_eras
async def test_hangs_on_list(era: Era, raw_modern: Running, raw_both: Running, tmp_path: Path) -> None:
    async with gateway_for(tmp_path, {"well": raw_both, "bad": raw_modern}) as (_, url), wire(url, era) as client:
        before = await p99(lambda: client.ask("tools/list"))
        raw_modern.control(fault="hang", on="tools/list")
        looking = asyncio.create_task(timed(client.call("bad_no_such_tool")))
        await raw_modern.wait_for("request", "tools/list", count=2)
        meanwhile = await p99(lambda: client.ask("tools/list"), rounds=MANY, enough=as_before(before))
        print(f"list p99 {before * 1000:.1f} ms, while it hangs {meanwhile * 1000:.1f} ms")
        assert meanwhile <= as_before(before)
        assert text_of(await client.call("well_echo", text="meanwhile")) == "meanwhile"
        assert text_of(await client.call("bad_echo", text="itself")) == "itself"
        unknown, seconds = await looking
        assert unknown.error["code"] == -32602
        assert seconds < 3 + 0.5
        assert "bad_echo" in await tools(client)


@both_eras
@pytest.mark.parametrize(("fault", "code"), [("hang", 50401), ("pings", 50401), ("drip", 50401), ("wrong_id", 50202)])
async def test_hangs_on_call_wrong_id_or_drips_pings(
    era: Era, fault: str, code: int, raw_modern: Running, tmp_path: Path
) -> None:
    async with gateway_for(tmp_path, {"bad": raw_modern}, deadline=DEADLINE) as (_, url), wire(url, era) as client:
        raw_modern.control(fault=fault, on="tools/call", interval=0.1)
        answer, seconds = await timed(client.call("bad_echo", text="x"))
        error = answer.error
        print(f"{fault}: error {seconds - DEADLINE:+.3f} s from the deadline")
        assert seconds <= DEADLINE + 0.5
        assert error["code"] == code
        assert "It is not known whether the call ran." in error["message"]


@both_eras
async def test_dies_in_a_call(era: Era, tmp_path: Path) -> None:
    """`kill -9` under 50 calls a second that may not be repeated: one answer each, and none arrives twice."""
    async with raw_http(era="modern") as first, raw_http(era="modern") as second, tcp_proxy(first.url) as proxy:
        async with gateway_for(tmp_path, {"bad": proxy.url}) as (_, url), wire(url, era) as client:
            calling: dict[float, asyncio.Task[Answer]] = {}
            for number in range(100):
                seconds = 0.1 + number / 100_000  # its own in each call, so that it can be found in the record
                calling[seconds] = asyncio.create_task(client.call("bad_slow", seconds=seconds))
                await asyncio.sleep(0.02)
                if number == 40:
                    first.kill()
                    proxy.lead_to(second.url)
            answers = {seconds: await call for seconds, call in calling.items()}
        arrived = Counter(
            entry["body"]["params"]["arguments"]["seconds"] for entry in second.record() if entry["rpc"] == "tools/call"
        )
    failed = {seconds for seconds, answer in answers.items() if "error" in answer.final}
    print(f"{len(failed)} of {len(answers)} calls failed; {len(arrived)} arrived at the next one, each once")
    assert {answers[seconds].error["code"] for seconds in failed} == {50205}
    assert 1 <= len(failed) <= 20
    assert set(arrived.values()) == {1}
    assert not failed & arrived.keys()


@both_eras
async def test_dies_in_a_call_that_may_be_repeated(era: Era, raw_modern: Running, tmp_path: Path) -> None:
    async with gateway_for(tmp_path, {"bad": raw_modern}) as (_, url), wire(url, era) as client:
        raw_modern.control(fault="close_after", on="tools/call", times=1)
        assert text_of(await client.call("bad_echo", text="x")) == "x"
        assert [entry["rpc"] for entry in raw_modern.record()].count("tools/call") == 2


@both_eras
async def test_slow(era: Era, raw_modern: Running, raw_both: Running, tmp_path: Path) -> None:
    upstreams = {"well": raw_both, "bad": raw_modern}
    async with gateway_for(tmp_path, upstreams, max_in_flight=2, max_queue=3) as (_, url), wire(url, era) as client:
        before = await p99(lambda: client.call("well_echo", text="x"))
        waiting = [asyncio.create_task(client.call("bad_slow", seconds=2.0)) for _ in range(8)]
        await raw_modern.wait_for("started", "slow", count=2)
        meanwhile = await p99(lambda: client.call("well_echo", text="x"), rounds=MANY, enough=as_before(before))
        print(f"call p99 of the other {before * 1000:.1f} ms, meanwhile {meanwhile * 1000:.1f} ms")
        assert meanwhile <= as_before(before)
        answers = [await call for call in waiting]
        refused = [answer.error for answer in answers if "error" in answer.final]
        assert [error["code"] for error in refused] == [50302] * 3
        assert "has 2 calls running and 3 waiting. Nothing was sent" in refused[0]["message"]
        assert [entry["rpc"] for entry in raw_modern.record()].count("tools/call") == 5


SEVEN = {
    "hang": 50401,
    "close_after": 50205,
    "garbage": 50202,
    "server_error": 50203,
    "huge": 50204,
    "unauthorized": 50201,
    "rate_limited": 42902,
}
DOWN = 50301
"""Of one that nobody listens for: the eighth."""


@both_eras
async def test_garbage_500_401_429(era: Era, raw_modern: Running, tmp_path: Path) -> None:
    assert len({*SEVEN.values(), DOWN}) == 8
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    keys = {"deadline": DEADLINE, "max_body": 100_000}
    async with (
        tcp_proxy(raw_modern.url, port),
        gateway_for(tmp_path, {"bad": url}, **keys) as (_, own_url),
        wire(own_url, era) as client,
    ):
        for fault, code in SEVEN.items():
            raw_modern.control(fault=fault, on="tools/call", retry_after=0)
            error = (await client.call("bad_fail", message="x")).error
            assert (error["code"], error["data"]["upstream"]) == (code, "bad"), fault
            raw_modern.control()
            assert (await client.call("bad_fail", message="well")).result["isError"]
    async with gateway_for(tmp_path, {"bad": url}, **keys) as (_, own_url), wire(own_url, era) as client:
        assert (await client.call("bad_fail", message="x")).error["code"] == DOWN


@both_eras
async def test_429_is_left_alone_for_as_long_as_it_says(era: Era, raw_modern: Running, tmp_path: Path) -> None:
    async with gateway_for(tmp_path, {"bad": raw_modern}) as (_, url), wire(url, era) as client:
        raw_modern.control(fault="rate_limited", on="tools/call", retry_after=60)
        left = [(await client.call("bad_echo", text="x")).error["data"]["retry_after"] for _ in range(3)]
        assert left == [60, 60, 60]
        assert [entry["rpc"] for entry in raw_modern.record()].count("tools/call") == 1


@both_eras
async def test_session_expired_upstream(era: Era, raw_legacy: Running, tmp_path: Path) -> None:
    async with gateway_for(tmp_path, {"bad": raw_legacy}) as (_, url), wire(url, era) as client:
        for text in ("a", "b", "c"):
            assert text_of(await client.call("bad_echo", text=text)) == text
            raw_legacy.control(forget_sessions=True)
        answers = await asyncio.gather(*(client.call("bad_echo", text=str(number)) for number in range(10)))
        assert [text_of(answer) for answer in answers] == [str(number) for number in range(10)]


@both_eras
@pytest.mark.parametrize("afterwards", ERAS)
async def test_restarts_with_other_tools(era: Era, afterwards: Era, tmp_path: Path) -> None:
    async with (
        raw_http(era="modern") as first,
        raw_http(era=afterwards, tools=1) as second,
        tcp_proxy(first.url) as proxy,
        gateway_for(tmp_path, {"bad": proxy.url}) as (_, url),
        wire(url, era) as client,
    ):
        first.kill()
        proxy.lead_to(second.url)
        proxy.cut()
        new, began = "bad_list_invoices_0000", time.monotonic()
        answer = await client.call(new)
        if afterwards == "modern":  # otherwise its era has to be found out anew, which the call does not wait for
            assert "result" in answer.final
        await until_listed(client, new, seconds=10)
        print(f"other tools listed after {time.monotonic() - began:.2f} s")
        assert "result" in (await client.call(new)).final
