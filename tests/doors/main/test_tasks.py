"""Tasks at the door: through the guard, over stdio, and after their tool or upstream is gone."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from gateway.guard import Guard
from gateway.model.event import CallEvent
from gateway.policy.keys import KeyStore
from gateway.upstream.tasks import Task
from tests.contract.wire import wire
from tests.gateways.kit import COMMAND, configuration, over_http, written
from tests.upstreams import process
from tests.upstreams.kit import raw_http
from tests.upstreams.messages import modern_meta, modern_request
from tests.upstreams.raw.tasks import EXTENSION

DECLARED = {"io.modelcontextprotocol/clientCapabilities": {"extensions": {EXTENSION: {}}}}


async def test_each_request_about_a_task_passes_the_guard_as_a_call_of_its_tool(tmp_path: Path):
    events: list[CallEvent] = []
    async with (
        raw_http(era="modern", tasks=True) as raw,
        over_http(tmp_path, configuration({"raw": raw})) as (gateway, url),
        wire(url, "modern") as client,
    ):
        gateway.runtime.guard = Guard([events.append])
        id = (await client.call("raw_job", meta=DECLARED, ends="never")).result["taskId"]
        await client.ask("tasks/get", DECLARED, taskId=id)
        await client.ask("tasks/cancel", DECLARED, taskId=id)
    assert [(event.name, event.outcome) for event in events] == [("raw_job", "ok")] * 3
    assert len({event.request_id for event in events}) == 3


async def test_who_may_not_call_the_tool_may_not_have_its_task(tmp_path: Path):
    keys = KeyStore(tmp_path / "var")
    record, key = keys.create("reader", ["raw:read"])
    async with (
        raw_http(era="modern", tasks=True) as raw,
        over_http(tmp_path, configuration({"raw": raw})) as (gateway, url),
        wire(url, "modern", {"authorization": f"Bearer {key}"}) as client,
    ):
        raw.reset()
        for tool in ("raw_job", "raw_gone"):
            id = gateway.runtime.task_ids.seal(f"key:{record.id}", Task("raw", tool, "task-1"))
            refused = (await client.ask("tasks/get", DECLARED, taskId=id)).error
            assert refused["data"]["kind"] == "forbidden"
        assert raw.record() == []


async def test_a_task_of_an_upstream_that_is_gone_is_unknown(tmp_path: Path):
    async with (
        raw_http(era="modern", tasks=True) as raw,
        over_http(tmp_path, configuration({"raw": raw})) as (gateway, url),
        wire(url, "modern") as client,
    ):
        id = gateway.runtime.task_ids.seal("loopback", Task("gone", "gone_job", "task-1"))
        refused = (await client.ask("tasks/get", DECLARED, taskId=id)).error
        own = gateway.runtime.task_ids.seal("loopback", Task("raw", "raw_gone", "task-404"))
        unknown = (await client.ask("tasks/get", DECLARED, taskId=own)).error
    assert refused == {"code": -32602, "message": "There is no such task, or it is not yours.", "data": refused["data"]}
    assert unknown["message"] == "Task not found", "the upstream's own word"


async def test_a_task_without_an_id_is_none(tmp_path: Path):
    async with (
        raw_http(era="modern", tasks=True) as raw,
        over_http(tmp_path, configuration({"raw": raw})) as (_, url),
        wire(url, "modern") as client,
    ):
        body, headers = modern_request("tasks/get", 1, taskId=7, _meta=modern_meta(**DECLARED))
        assert (await client.post(body, headers)).error["code"] in (-32602, -32020)
        del body["params"]["taskId"]
        assert (await client.post(body, headers)).error["code"] == -32602


async def test_over_stdio_a_task_is_followed_like_over_http(tmp_path: Path):
    async with raw_http(era="modern", tasks=True) as raw:
        file = written(tmp_path, configuration({"raw": raw}))
        gateway = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", COMMAND, "up", "--stdio", "--config", str(file)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=process.ROOT,
        )
        stdin, stdout = gateway.stdin, gateway.stdout
        assert stdin is not None
        assert stdout is not None

        async def ask(method: str, **params: Any) -> dict[str, Any]:
            body, _ = modern_request(method, 1, **params, _meta=modern_meta(**DECLARED))
            stdin.write(json.dumps(body).encode() + b"\n")
            return json.loads(await stdout.readline())["result"]

        made = await ask("tools/call", name="raw_job", arguments={"ends": "error"})
        states = [await ask("tasks/get", taskId=made["taskId"]) for _ in range(2)]
        stdin.close()
        assert await gateway.wait() == 0
    assert [state["status"] for state in states] == ["working", "failed"]
