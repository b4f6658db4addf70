"""A replica killed: another serves. Two gateways behind nginx, one gone with SIGKILL under load."""

import time
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.contract.wire import wire
from tests.faults.kit import until
from tests.faults.load import Load, Outcome
from tests.faults.nginx import nginx
from tests.gateways.kit import Served, configuration, plain_http, served
from tests.upstreams.kit import Running
from tests.upstreams.messages import messages_in, modern_call
from tests.upstreams.process import kill

ERRORS_SECONDS = 1.0
AT_ONCE = 10


@contextmanager
def replicas(folder: Path, upstream: Running) -> Generator[list[Served]]:
    with ExitStack() as stack:
        found = []
        for name in "ab":
            (folder / name).mkdir()
            found.append(stack.enter_context(served(folder / name, configuration({"raw": upstream}))))
        yield found


def is_well(outcome: Outcome) -> bool:
    return outcome.answer == 200


async def test_a_replica_killed(tmp_path: Path, raw_modern: Running) -> None:
    with replicas(tmp_path, raw_modern) as (one, other), nginx(tmp_path, [one.url, other.url]) as url:
        async with plain_http() as http:

            async def call(number: int) -> Any:
                body, headers = modern_call("raw_slow", number, seconds=0.05 + number / 1_000_000)
                try:
                    answer = await http.post(url, json=body, headers=headers)
                except httpx.TransportError as error:
                    return type(error).__name__
                if answer.status_code == 200:
                    (message,) = messages_in(answer.headers["content-type"], answer.text)
                    assert message["id"] == number
                    assert "result" in message
                return answer.status_code

            async with Load(call, AT_ONCE) as load:
                for _ in range(50):
                    assert is_well(await load.outcome(lambda _: True))
                killed = time.monotonic()
                kill(one.process)
                await load.outcome(lambda outcome: outcome.began > killed + 2.5)  # nginx has tried it again by then
                for _ in range(50):
                    await load.outcome(lambda _: True)
    ran = Counter(
        round((entry["body"]["params"]["arguments"]["seconds"] - 0.05) * 1_000_000)
        for entry in raw_modern.record()
        if entry["rpc"] == "tools/call"
    )
    failed = [outcome for outcome in load.outcomes if not is_well(outcome)]
    last = max((outcome.ended - killed for outcome in failed), default=0.0)
    kinds = Counter(str(outcome.answer) for outcome in failed)
    print(f"{len(load.outcomes)} calls, {len(failed)} failed ({dict(kinds)}), the last {last:.2f} s after the kill")
    assert set(ran.values()) == {1}, "one arrived twice"
    assert {outcome.number for outcome in load.outcomes if is_well(outcome)} <= ran.keys()
    assert len(failed) <= AT_ONCE
    assert all(killed <= outcome.ended for outcome in failed)
    assert last <= ERRORS_SECONDS


async def test_a_legacy_client_begins_anew_at_another(tmp_path: Path, raw_modern: Running) -> None:
    """Its session was in the replica that is gone: 404, at which it is to initialize again (2025-11-25)."""
    balance = "hash $http_authorization$remote_addr consistent;"
    with replicas(tmp_path, raw_modern) as both, nginx(tmp_path, [each.url for each in both], balance) as url:
        async with wire(url, "legacy") as client:
            assert "result" in (await client.call("raw_echo", text="x")).final
            await until(lambda: any(has_called(each) for each in both))  # an answer may come before its line in the log
            for each in both:
                if has_called(each):
                    kill(each.process)
            began = time.monotonic()
            while (answer := await client.call("raw_echo", text="x")).status == 502:
                assert time.monotonic() - began < ERRORS_SECONDS
            assert answer.status == 404
            async with wire(url, "legacy") as anew:
                assert "result" in (await anew.call("raw_echo", text="x")).final


def has_called(replica: Served) -> bool:
    return any(line["namespace"] == "raw" for line in replica.lines(event="call"))
