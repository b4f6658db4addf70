"""`gateway chaos`: both doors and both eras feel it, nobody can overlook it, and nothing else switches it on."""

import contextlib
import json
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.conftest import Verb
from tests.cli.running import GATEWAY, Up, clean_environment
from tests.contract.pairs import Era
from tests.contract.wire import wire
from tests.gateways.kit import configuration, plain_http, written
from tests.upstreams.kit import Running

ERAS: list[Era] = ["modern", "legacy"]


@contextlib.contextmanager
def chaos(folder: Path, *words: str, text: str) -> Generator[Up]:
    """`gateway chaos` in front of the upstreams of `text`, on a free port."""
    written(folder, text)
    environ = clean_environment(GATEWAY__SERVER__PORT="0")
    with Up((*GATEWAY, "chaos", "--upstream", "raw", *words), folder, environ) as process:
        process.wait_for("Stop with Ctrl-C.")
        process.url = next(line.strip() for line in process.lines if line.startswith("    http"))
        yield process


def ran(upstream: Running) -> int:
    return [entry["rpc"] for entry in upstream.record()].count("tools/call")


async def test_both_doors_and_both_eras_feel_each_fault(tmp_path: Path, raw_modern: Running, raw_legacy: Running):
    cases = (("--errors", 50203, 0), ("--cuts", 50205, 1), ("--hangs", 50401, 0))
    for option, code, sent in cases:
        text = configuration({"well": raw_legacy, "raw": raw_modern}, "deadline = 0.5\n")
        with chaos(tmp_path, option, "100%", text=text) as process:
            for era in ERAS:
                raw_modern.reset()
                async with wire(process.url, era) as client:
                    error = (await client.call("raw_fail", message="a")).error
                    assert (error["code"], ran(raw_modern)) == (code, sent)
                    assert "result" in (await client.call("well_echo", text="a")).final


async def test_calls_wait_and_nobody_can_overlook_it(tmp_path: Path, raw_modern: Running):
    with chaos(tmp_path, "--latency", "0.5s", "--errors", "0.1%", text=configuration({"raw": raw_modern})) as process:
        words = "calls wait 0.5 s, 0.1% of calls fail"
        assert f"*** CHAOS: raw: {words}. Not for real work. ***" in process.lines
        logged = [json.loads(line)["event"] for line in process.lines if line.startswith("{")]
        assert f"CHAOS: upstream raw is disturbed on purpose: {words}" in logged
        assert any(line.startswith("  upstream  raw") and line.endswith(f"; CHAOS: {words}") for line in process.lines)
        async with plain_http() as probe:
            reasons = (await probe.get(f"{process.origin}/readyz")).json()["reasons"]
        assert "upstream raw is disturbed on purpose" in reasons
        async with wire(process.url, "modern") as client:
            began = time.monotonic()
            await client.call("raw_echo", text="a")
            assert time.monotonic() - began >= 0.5
            read = await client.ask("resources/read", uri="status://system")
            status = json.loads(read.result["contents"][0]["text"])
            assert status["upstreams"]["raw"]["chaos"]["does"] == words


async def test_changed_tools_reach_clients_and_no_later_run(tmp_path: Path, raw_modern: Running):
    text = configuration({"raw": raw_modern})
    with chaos(tmp_path, "--changed-tools", "1s", text=text) as process:
        async with wire(process.url, "modern") as client:
            seen: set[int] = set()
            deadline = time.monotonic() + 20
            while len(seen) < 2 and time.monotonic() < deadline:
                tools = (await client.ask("tools/list")).result["tools"]
                seen.add(sum(tool["name"].startswith("raw_") for tool in tools))
    fewer, more = sorted(seen)
    assert fewer == (more + 1) // 2
    assert not (tmp_path / "var" / "listings").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--upstream", "raw"), 2, "no fault is named"),
        (("--upstream", "raw", "--errors", "10"), 2, "from 0% to 100%"),
        (("--upstream", "raw", "--errors", "101%"), 2, "from 0% to 100%"),
        (("--upstream", "raw", "--errors", "60%", "--cuts", "60%"), 2, "more than 100% together"),
        (("--upstream", "rwa", "--errors", "1%"), 1, "upstreams.rwa: is not configured\n    The upstreams are: raw."),
        (("--errors", "1%"), 2, "--upstream"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, verb: Verb, words: tuple[str, ...], status: int, said: str):
    written(tmp_path, configuration({"raw": "http://127.0.0.1:9/mcp"}))
    found = verb("chaos", *words)
    assert found.status == status
    assert said in found.err


def test_no_file_and_no_variable_switches_it_on(tmp_path: Path, verb: Verb, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path, configuration({"raw": "http://127.0.0.1:9/mcp"}, "chaos = { errors = 1.0 }\n"))
    assert "upstreams.raw.chaos: unknown key" in verb("check").err
    written(tmp_path, configuration({"raw": "http://127.0.0.1:9/mcp"}))
    monkeypatch.setenv("GATEWAY__UPSTREAMS__RAW__CHAOS", '{"errors": 1.0}')
    assert verb("check").status == 1
    monkeypatch.delenv("GATEWAY__UPSTREAMS__RAW__CHAOS")
    assert verb("up", "--errors", "1%").status == 2
