"""Several workers as real processes: they serve one address, one that dies is replaced, and all drain at a signal."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.cli import run
from tests.cli.running import GATEWAY, PATIENCE, Process, Up, clean_environment
from tests.gateways.kit import configuration, plain_http, written
from tests.upstreams.kit import Running
from tests.upstreams.messages import legacy_call, legacy_request, messages_in, messages_of, modern_call
from tests.workers_kit import Near, one_at_each, two_workers

STOPPED = [signal.SIGINT, signal.SIGTERM]


def workers(process: Up) -> dict[int, psutil.Process]:
    """The process of each worker that serves, by number, as the log has them."""
    lines = [json.loads(line) for line in process.lines if "Started server process" in line]
    pids = {line["worker"]: int(line["event"].split("[")[1][:-1]) for line in lines}
    return {number: psutil.Process(pid) for number, pid in pids.items()}


def test_it_says_once_what_it_serves_and_leaves_nothing_behind(tmp_path: Path):
    with two_workers(tmp_path, configuration({})) as process:
        found = workers(process)
        assert sorted(found) == [1, 2]
        assert [child.ppid() for child in found.values()] == [process.pid] * 2
        assert process.said.count("Stop with Ctrl-C.") == 1
        assert sorted(os.listdir(tmp_path / "var")) == ["control", "workers"]
        assert process.stop() == 0
        assert not any(child.is_running() for child in found.values())
    assert [os.listdir(tmp_path / "var" / each) for each in ("control", "workers")] == [[], []]
    assert "Traceback" not in process.said


def test_the_configuration_may_say_how_many(tmp_path: Path):
    with two_workers(tmp_path, configuration({}, "[server]\nworkers = 3")) as process:  # the command line wins
        assert sorted(workers(process)) == [1, 2]
    with Process((*GATEWAY, "up", "--port", "0"), tmp_path, clean_environment()) as process:
        process.wait_for('"event": "serving"', '"worker": 3')
        assert process.stop() == 0


def test_one_worker_is_no_other_than_without_the_option(tmp_path: Path):
    written(tmp_path, configuration({}))
    with Process((*GATEWAY, "up", "--port", "0", "--workers", "1"), tmp_path, clean_environment()) as process:
        process.wait_for("Stop with Ctrl-C.")
        assert process.children() == []
        assert '"worker"' not in process.said
        assert os.listdir(tmp_path / "var") == ["control"]


@pytest.mark.parametrize("number", STOPPED)
async def test_a_signal_lets_all_workers_finish_what_they_do(
    tmp_path: Path, raw_modern: Running, number: signal.Signals
):
    with two_workers(tmp_path, configuration({"raw": raw_modern})) as process:
        async with one_at_each(process.url) as (first, second), plain_http() as spare, plain_http() as other:
            body, headers = modern_call("raw_slow", seconds=2.5)
            calls = [client.says(body, headers) for client in (first, second)]
            for at, each in enumerate((spare, other)):
                old = legacy_call("raw_slow", at, seconds=2.5)
                calls.append(each.post(process.url, json=old, headers=first.session))
            running = [asyncio.create_task(call) for call in calls]
            await raw_modern.wait_for("started", "slow", count=4, deadline=PATIENCE)
            process.send(number)
            answers = await asyncio.gather(*running)
        assert await asyncio.to_thread(process.ended) == 0
    last = [messages_in(each.headers["content-type"], each.text)[-1] for each in answers]
    assert [each["result"]["content"][0]["text"] for each in last] == ["2.5 seconds later"] * 4
    assert "Traceback" not in process.said


async def test_who_only_listens_is_not_waited_for_through_another_worker_either(tmp_path: Path):
    with two_workers(tmp_path, configuration({}, "[server]\ngrace = 600")) as process:
        async with (
            one_at_each(process.url) as (first, second),
            second.http.stream("GET", process.url, headers=first.session) as stream,
        ):
            assert stream.status_code == 200
            assert await asyncio.to_thread(process.stop) == 0
    assert "Traceback" not in process.said


async def test_a_second_signal_ends_all_at_once(tmp_path: Path, raw_modern: Running):
    with two_workers(tmp_path, configuration({"raw": raw_modern}, "[server]\ngrace = 600")) as process:
        async with one_at_each(process.url) as (first, second):
            body, headers = modern_call("raw_slow", seconds=29.0)
            calls = [asyncio.create_task(client.says(body, headers)) for client in (first, second)]
            await raw_modern.wait_for("started", "slow", count=2, deadline=PATIENCE)
            process.send(signal.SIGTERM)
            process.wait_for("Shutting down", count=2)
            process.send(signal.SIGTERM)
            began = time.monotonic()
            await asyncio.to_thread(process.ended)
            assert time.monotonic() - began < 10
            await asyncio.gather(*calls, return_exceptions=True)


async def test_one_that_is_killed_under_load_is_replaced_while_the_other_serves_on(tmp_path: Path, raw_modern: Running):
    with two_workers(tmp_path, configuration({"raw": raw_modern}), GATEWAY__LOG__LEVEL="INFO") as process:
        async with one_at_each(process.url) as (first, second):
            stop = asyncio.Event()
            load = [asyncio.create_task(_load(process.url, stop)) for _ in range(4)]
            first_worker = workers(process)[1]
            first_worker.kill()
            await asyncio.to_thread(first_worker.wait, PATIENCE)  # what reaches it while it dies is lost, which is told
            lost = await _asked_of_the_dead(second, first.session)
            assert (lost.status_code, lost.json()["error"]["message"]) == (404, "Session not found")
            await asyncio.to_thread(process.wait_for, "worker ended: it is started again", '"status": -9')
            await asyncio.to_thread(process.wait_for, '"event": "serving"', '"worker": 1', count=2)
            stop.set()
            answered = await asyncio.gather(*load)
            assert all(answered)
            assert (await second.says(legacy_request("ping"), second.session)).status_code == 200
        async with one_at_each(process.url) as (again, _):
            assert again.number == 1
        assert process.said.count("Stop with Ctrl-C.") == 1
        assert process.stop() == 0


async def _asked_of_the_dead(near: Near, session: dict[str, str]) -> httpx.Response:
    """What a living worker says of a session of the dead one's; at once."""
    began = time.monotonic()
    answer = await near.says(legacy_request("ping"), session)
    assert time.monotonic() - began < 1
    return answer


async def _load(url: str, stop: asyncio.Event) -> int:
    """Modern calls, each over a connection of its own; how many were answered. One that is refused or cut off had its
    connection at the worker that died, and the next one must be answered within a second."""
    answered, since = 0, time.monotonic()
    while not stop.is_set():
        body, headers = modern_call("raw_echo", text="hello")
        try:
            async with plain_http() as http:
                answer = await http.post(url, json=body, headers=headers)
        except httpx.TransportError:
            assert time.monotonic() - since < 1
            continue
        assert answer.status_code == 200
        answered, since = answered + 1, time.monotonic()
    return answered


async def test_a_call_whose_worker_dies_gets_one_error_that_does_not_claim_it_did_not_run(
    tmp_path: Path, raw_modern: Running
):
    with two_workers(tmp_path, configuration({"raw": raw_modern})) as process:
        async with one_at_each(process.url) as (first, second):
            body = legacy_call("raw_slow", 7, seconds=20.0)
            call = asyncio.create_task(second.says(body, first.session))
            await raw_modern.wait_for("started", "slow", deadline=PATIENCE)
            workers(process)[1].kill()
            answer = await call
            if answer.headers["content-type"].startswith("text/event-stream"):
                assert [m for m in messages_in(answer.headers["content-type"], answer.text) if "id" in m] == []
            else:
                error = answer.json()["error"]
                assert (answer.status_code, answer.json()["id"], error["code"]) == (502, 7, 50206)
                assert error["data"] == {"kind": "worker_lost"}


def test_workers_end_when_the_parent_is_killed(tmp_path: Path):
    with two_workers(tmp_path, configuration({})) as process:
        found = workers(process)
        process.send(signal.SIGKILL)
        _, alive = psutil.wait_procs(found.values(), PATIENCE)
        assert alive == []


def test_what_cannot_start_is_said_and_not_tried_again(tmp_path: Path):
    text = '[services.bad]\nmodule = "tests.cli.failing:server"\n'
    written(tmp_path, text)
    with Process((*GATEWAY, "up", "--port", "0", "--workers", "2"), tmp_path, clean_environment()) as process:
        assert process.ended() == 1
    assert "started again" not in process.said


def test_a_changed_configuration_is_taken_over_by_all(tmp_path: Path):
    with two_workers(tmp_path, configuration({})) as process:
        (tmp_path / "gateway.toml").write_text(configuration({}, "[services.data]"))
        process.wait_for("configuration applied", count=2)
        process.send(signal.SIGHUP)
        process.wait_for("configuration applied", '"because": "SIGHUP"', count=2)
        assert process.stop() == 0


def test_a_worker_that_is_started_again_serves_what_the_others_serve(tmp_path: Path):
    with two_workers(tmp_path, configuration({})) as process:
        (tmp_path / "gateway.toml").write_text(configuration({}, "[services.data]\n[server]\npath = '/other'"))
        process.wait_for("configuration applied", count=2)
        workers(process)[2].kill()
        process.wait_for('"event": "serving"', '"worker": 2', '/mcp"', count=2)
        (tmp_path / "gateway.toml").write_text("broken")
        workers(process)[2].kill()
        process.wait_for("configuration not read: this worker serves that of the start")
        process.wait_for('"event": "serving"', '"worker": 2', '/mcp"', count=3)
        assert process.stop() == 0


def test_metrics_and_status_are_of_all_workers(tmp_path: Path):
    async def asked(process: Up) -> tuple[str, dict]:
        async with one_at_each(process.url) as near:
            for each in near:
                await each.result(legacy_call("own_shout", text="a"), each.session)
            body = legacy_request("resources/read", uri="status://system")
            status = await near[0].result(body, near[0].session)
            async with plain_http() as http:
                return (await http.get(f"{process.origin}/metrics")).text, status

    with two_workers(tmp_path, configuration({})) as process:
        metrics, status = asyncio.run(asked(process))
        told = json.loads(status["result"]["contents"][0]["text"])["workers"]
        assert (told["count"], told["answering"], sorted(told["each"])) == (2, 1, ["1", "2"])
        assert all(each["calls"]["finished"] >= 1 for each in told["each"].values())
        for number in (1, 2):
            wanted = f'name="own_shout",namespace="own",outcome="ok",worker="{number}"}} 1.0'
            assert [line for line in metrics.splitlines() if wanted in line] != [], metrics


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["--workers", "2", "--stdio"], 1, "Leave --workers out"),
        (["--workers", "0"], 2, "--workers"),
        (["--workers", "2", "--host", "0.0.0.0", "--port", "0"], 1, "no authentication"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    part: str,
):
    monkeypatch.chdir(tmp_path)
    assert run(["up", *words]) == status
    assert part in capfd.readouterr().err


def test_an_address_is_not_shared_with_another_gateway(tmp_path: Path):
    with two_workers(tmp_path, configuration({})) as process:
        port = process.origin.rpartition(":")[2]
        other = (*GATEWAY, "up", "--port", port, "--workers", "2")
        with Process(other, tmp_path, clean_environment()) as second:
            assert second.ended() == 1
        assert f"Port {port} on 127.0.0.1 is in use" in second.said


async def test_what_one_worker_hears_of_an_upstream_reaches_the_clients_of_the_other(
    tmp_path: Path, raw_sessionless: Running
):
    """The upstream tells nobody that its lists changed, so that only a call of an unknown name finds out."""
    with two_workers(tmp_path, configuration({"raw": raw_sessionless})) as process:
        async with one_at_each(process.url) as (first, second), plain_http() as spare:
            async with spare.stream("GET", process.url, headers=second.session) as told:
                raw_sessionless.control(extra=["late"])
                late = await first.result(legacy_call("raw_late"), first.session)
                assert "result" in late
                async with asyncio.timeout(PATIENCE):
                    async for message in messages_of(told):
                        if message["method"] == "notifications/tools/list_changed":
                            break
            listed = await second.result(legacy_request("tools/list", 7), second.session)
            assert "raw_late" in {tool["name"] for tool in listed["result"]["tools"]}
            assert [each["name"] for each in raw_sessionless.record() if each["rpc"] == "tools/call"] == ["late"]
        assert process.stop() == 0
