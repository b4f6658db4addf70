"""The audit's disk is full, under load: where it is required nothing runs unwritten, else what is lost is counted."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.errors import AuditUnavailable
from gateway.observe.audit_file import files_of
from gateway.observe.audit_read import Wanted, search, verify
from gateway.observe.chain import read
from tests.contract.pairs import Era
from tests.contract.wire import Wire, wire
from tests.faults.full_disk import Disk, LimitedDisk, mounted
from tests.faults.kit import until
from tests.gateways.kit import Served, configuration, plain_http, served
from tests.upstreams.kit import Running

ERAS: tuple[Era, ...] = ("modern", "legacy")
TOOLS = ("own_shout", "raw_echo")
REFUSED = AuditUnavailable.kind


@pytest.fixture(params=["mounted", "limited"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Disk]:
    if request.param == "limited":
        (tmp_path / "disk").mkdir()
        yield LimitedDisk(tmp_path / "disk")
        return
    with mounted(tmp_path / "disk") as found:
        yield found


@dataclass
class Load:
    """Calls without a pause, by callers of both eras; what came of each: `well`, or the kind of its error."""

    came: Counter[str] = field(default_factory=Counter)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, client: Wire, tool: str) -> None:
        while not self.over.is_set():
            answer = await client.call(tool, text="a")
            error = answer.final.get("error")
            self.came["well" if error is None else error["data"]["kind"]] += 1

    async def more(self, what: str, count: int = 40) -> None:
        """Until that many more came."""
        enough = self.came[what] + count
        await until(lambda: self.came[what] >= enough)


@contextlib.asynccontextmanager
async def under_load(gateway: Served) -> AsyncGenerator[Load]:
    load = Load()
    async with contextlib.AsyncExitStack() as clients, asyncio.TaskGroup() as callers:
        for era in ERAS:
            client = await clients.enter_async_context(wire(gateway.url, era))
            for tool in TOOLS:
                callers.create_task(load.call(client, tool))
        await load.more("well")
        yield load
        load.over.set()


def audited(upstream: Running, disk: Disk, required: str) -> str:
    audit = f'[audit]\nenabled = true\nrequired = {required}\nfolder = "{disk.folder}/audit"\n'
    return configuration({"raw": upstream}, f'{audit}[log]\nlevel = "ERROR"\n')


def ran(upstream: Running) -> int:
    return [entry["rpc"] for entry in upstream.record()].count("tools/call")


def records(disk: Disk) -> Counter[tuple[str, str]]:
    """How many lines there are of each record and name."""
    lines = [line for path in files_of(disk.folder / "audit", 1) for line in path.read_text().splitlines(keepends=True)]
    said = [read(line)[0] for line in lines]
    return Counter((each["record"], each.get("name", "")) for each in said)


async def metric(gateway: Served, name: str) -> float:
    async with plain_http() as http:
        text = (await http.get(f"{gateway.origin}/metrics")).text
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1])


async def test_required_no_call_runs_that_is_not_written(tmp_path: Path, raw_modern: Running, disk: Disk) -> None:
    with served(tmp_path, audited(raw_modern, disk, "true")) as gateway:
        async with under_load(gateway) as load:
            disk.fill(gateway.process.pid)
            await load.more(REFUSED)
            before = ran(raw_modern)
            await load.more(REFUSED)
            assert ran(raw_modern) == before
            assert await metric(gateway, "gateway_audit_writable") == 0
            disk.free(gateway.process.pid)
            await load.more("well")
        logged = gateway.lines(event="the audit cannot be written: calls are refused")
        assert len(logged) == 1
    assert load.came.keys() == {"well", REFUSED}
    (trail,), _ = verify(disk.folder / "audit")
    assert trail.faults == []
    found = records(disk)
    assert found["begun", "raw_echo"] == ran(raw_modern)
    assert found["begun", "raw_echo"] + found["begun", "own_shout"] == load.came["well"]
    assert len(search(disk.folder / "audit", Wanted())) == load.came["well"]


async def test_not_required_calls_go_on_and_lost_lines_count(tmp_path: Path, raw_modern: Running, disk: Disk) -> None:
    with served(tmp_path, audited(raw_modern, disk, "false")) as gateway:
        async with under_load(gateway) as load:
            disk.fill(gateway.process.pid)
            await load.more("well", 100)
            assert await metric(gateway, "gateway_audit_writable") == 0
            disk.free(gateway.process.pid)
            await load.more("well")
        lost = await metric(gateway, "gateway_audit_lost_total")
        assert len(gateway.lines(event="the audit cannot be written: lines are lost")) == 1
    assert load.came.keys() == {"well"}
    (trail,), _ = verify(disk.folder / "audit")
    assert (trail.faults, trail.lost) == ([], lost)
    assert lost > 0
    assert len(search(disk.folder / "audit", Wanted())) + lost == load.came["well"]


async def test_full_from_the_start(tmp_path: Path, raw_modern: Running, disk: Disk) -> None:
    """It starts, and lists; the first call that can be written is the first that runs."""
    with served(tmp_path, audited(raw_modern, disk, "true")) as gateway:
        blocked = disk.folder / "audit"
        blocked.write_text("a file where the folder should be")
        async with wire(gateway.url, "modern") as client:
            assert "raw_echo" in str((await client.ask("tools/list")).result)
            error = (await client.call("raw_echo", text="a")).error
            assert (error["code"], error["data"]["kind"]) == (50305, REFUSED)
            assert error["message"].startswith("Nothing was run, for it could not be written to the audit")
            assert ran(raw_modern) == 0
            blocked.unlink()
            assert "result" in (await client.call("raw_echo", text="a")).final
    assert records(disk)["begun", "raw_echo"] == 1
