"""Tasks (SEP-2663): a call that becomes one, and what its client does with it."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.policy.keys import KeyStore
from tests.conftest import Keep, well
from tests.contract.requirements import requirement
from tests.contract.wire import Message, Wire, wire
from tests.gateways.kit import Served, configuration, over_http, served
from tests.upstreams.kit import Command, Running, raw_http, raw_stdio
from tests.upstreams.messages import modern_meta, modern_request
from tests.upstreams.raw.definitions import VENDOR
from tests.upstreams.raw.tasks import ERROR, EXTENSION

DECLARED = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}, "extensions": {EXTENSION: {}}}}
HEADER_MISMATCH, MISSING_CAPABILITY, INVALID_PARAMS, METHOD_NOT_FOUND = -32020, -32021, -32602, -32601
METHODS = ("tasks/get", "tasks/update", "tasks/cancel")
NAMESPACES = ("sse", "json", "pipe")

Upstreams = Mapping[str, Running | Command]


@pytest.fixture(scope="module")
def upstreams(keep: Keep, tmp_path_factory: pytest.TempPathFactory) -> Upstreams:
    """Modern ones that make tasks, over HTTP in both forms of answer and over stdio, and one that makes none."""
    return {
        "sse": keep(raw_http(era="modern", tasks=True)),
        "json": keep(raw_http(era="modern", answer="json", tasks=True)),
        "pipe": raw_stdio(tmp_path_factory.mktemp("pipe"), era="modern", tasks=True),
        "none": keep(raw_http(era="modern")),
    }


@pytest.fixture(scope="module")
def gateway(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with served(tmp_path_factory.mktemp("gateway"), configuration(upstreams)) as gateway:
        yield gateway


each_upstream = pytest.mark.parametrize("namespace", NAMESPACES)


async def made(client: Wire, namespace: str, ends: str) -> Message:
    """The task that a call becomes."""
    return (await client.call(f"{namespace}_job", meta=DECLARED, ends=ends)).result


async def after_the_first_look(client: Wire, namespace: str, ends: str) -> tuple[str, Message]:
    """The id of a task, and what it is like the second time that its client asks."""
    id = (await made(client, namespace, ends))["taskId"]
    assert (await client.ask("tasks/get", DECLARED, taskId=id)).result["status"] == "working"
    return id, (await client.ask("tasks/get", DECLARED, taskId=id)).result


@requirement("tasks.made")
@each_upstream
async def test_a_call_becomes_a_task_under_an_id_of_ours(gateway: Served, upstreams: Upstreams, namespace: str) -> None:
    upstreams[namespace].reset()
    async with wire(gateway.url, "modern") as client:
        task = await made(client, namespace, "never")
        await client.ask("tasks/get", DECLARED, taskId=task["taskId"])
    assert task["resultType"] == "task"
    assert (task["status"], task["ttlMs"], task["pollIntervalMs"]) == ("working", None, 10)
    asked = [
        entry["body"]["params"]["taskId"] for entry in upstreams[namespace].record() if entry["rpc"] == "tasks/get"
    ]
    assert asked[0].startswith("task-")
    assert asked[0] not in task["taskId"]


@requirement("tasks.followed", "meta.vendor", "resources.unlisted")
@each_upstream
async def test_its_result_is_that_of_the_call(gateway: Served, namespace: str) -> None:
    async with wire(gateway.url, "modern") as client:
        id, task = await after_the_first_look(client, namespace, "result")
        (text, link) = task["result"]["content"]
        read = (await client.ask("resources/read", uri=link["uri"])).result
    assert (task["taskId"], task["status"], task["resultType"]) == (id, "completed", "complete")
    assert text["text"] == "done"
    assert link["uri"] == f"text://{namespace}/raw/notes"
    assert read["contents"][0]["text"].startswith("Notes of a raw upstream.")
    assert task["result"]["_meta"] == {VENDOR: "result of a task"}


@requirement("tasks.followed", "errors.kept")
@each_upstream
async def test_its_error_is_that_of_the_call(gateway: Served, namespace: str) -> None:
    async with wire(gateway.url, "modern") as client:
        _, task = await after_the_first_look(client, namespace, "error")
    assert (task["status"], task["error"]) == ("failed", ERROR)


@requirement("tasks.followed")
@each_upstream
async def test_what_it_asks_is_answered_by_an_update(gateway: Served, namespace: str) -> None:
    async with wire(gateway.url, "modern") as client:
        id, task = await after_the_first_look(client, namespace, "asks")
        assert task["inputRequests"]["go"]["params"]["message"] == "Go on?"
        answers = {"go": {"action": "accept", "content": {}}}
        taken = (await client.ask("tasks/update", DECLARED, taskId=id, inputResponses=answers)).result
        ended = (await client.ask("tasks/get", DECLARED, taskId=id)).result
    assert taken["resultType"] == "complete"
    assert "taskId" not in taken
    assert ended["result"]["content"][0]["text"] == "accept"


@requirement("tasks.followed")
@each_upstream
async def test_it_is_cancelled_at_its_upstream(gateway: Served, namespace: str) -> None:
    async with wire(gateway.url, "modern") as client:
        id = (await made(client, namespace, "never"))["taskId"]
        assert (await client.ask("tasks/cancel", DECLARED, taskId=id)).result["resultType"] == "complete"
        assert (await client.ask("tasks/get", DECLARED, taskId=id)).result["status"] == "cancelled"


@requirement("tasks.headers")
async def test_the_upstream_gets_its_own_id_in_its_header(gateway: Served, upstreams: Upstreams) -> None:
    upstreams["json"].reset()
    async with wire(gateway.url, "modern") as client:
        id = (await made(client, "json", "never"))["taskId"]
        for method in METHODS:
            await client.ask(method, DECLARED, taskId=id)
    sent = [entry for entry in upstreams["json"].record() if entry["rpc"] in METHODS]
    assert [entry["rpc"] for entry in sent] == list(METHODS)
    assert all(entry["headers"]["mcp-name"] == entry["body"]["params"]["taskId"] for entry in sent)


@requirement("tasks.headers")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["another", None])
async def test_a_header_that_names_another_task_is_refused(gateway: Served, method: str, name: str | None) -> None:
    async with wire(gateway.url, "modern") as client:
        id = (await made(client, "json", "never"))["taskId"]
        body, headers = modern_request(method, 1, taskId=id, _meta=modern_meta(**DECLARED))
        changed = {key: value for key, value in headers.items() if key != "mcp-name"}
        answer = await client.post(body, changed if name is None else {**changed, "mcp-name": name})
    assert (answer.status, answer.error["code"]) == (400, HEADER_MISMATCH)


def altered(id: str) -> list[str]:
    """Ids that were never given out: one letter changed at each end and in the middle, shorter, longer, and no ids."""
    places = (0, len(id) // 2, len(id) - 1)
    changed = [id[:place] + ("A" if id[place] != "A" else "B") + id[place + 1 :] for place in places]
    return [*changed, id[:-1], id + "A", id + "=", "task-1", "x", "", "é"]


@requirement("tasks.bound")
async def test_an_id_that_was_never_given_out_is_no_task(gateway: Served, upstreams: Upstreams) -> None:
    async with wire(gateway.url, "modern") as client:
        id = (await made(client, "json", "never"))["taskId"]
        upstreams["json"].reset()
        for other in altered(id):
            for method in METHODS:
                body, headers = modern_request(method, 1, taskId=other, _meta=modern_meta(**DECLARED))
                answer = await client.post(body, {**headers, "mcp-name": encoded(other)})
                assert answer.error["code"] == INVALID_PARAMS, (method, other)
    assert upstreams["json"].record() == []


def encoded(name: str) -> str:
    """As a client puts into a header what no header can carry."""
    return "=?base64?w6k=?=" if name == "é" else name


@requirement("tasks.bound")
async def test_a_task_is_nothing_in_another_callers_hands(keep: Keep, tmp_path: Path) -> None:
    upstream = well(keep(raw_http(era="modern", answer="json", tasks=True)))
    keys = KeyStore(tmp_path / "var")
    ada, eve, reader = (
        {"Authorization": f"Bearer {keys.create(name, [scope])[1]}"}
        for name, scope in (("ada", "*"), ("eve", "*"), ("reader", "raw:read"))
    )
    async with over_http(tmp_path, configuration({"raw": upstream})) as (_, url):
        async with wire(url, "modern", ada) as client:
            id = (await made(client, "raw", "never"))["taskId"]
        upstream.reset()
        for other in (eve, reader):
            async with wire(url, "modern", other) as client:
                refused = [(await client.ask(method, DECLARED, taskId=id)).error for method in METHODS]
            assert [error["code"] for error in refused] == [INVALID_PARAMS] * 3
        assert upstream.record() == []
        async with wire(url, "modern", ada) as client:
            assert (await client.ask("tasks/get", DECLARED, taskId=id)).result["status"] == "working"


@requirement("tasks.bound")
async def test_an_id_outlives_the_gateway(keep: Keep, tmp_path: Path) -> None:
    text = configuration({"raw": well(keep(raw_http(era="modern", answer="json", tasks=True)))})
    async with over_http(tmp_path, text) as (_, url), wire(url, "modern") as client:
        id = (await made(client, "raw", "never"))["taskId"]
    async with over_http(tmp_path, text) as (_, url), wire(url, "modern") as client:
        assert (await client.ask("tasks/get", DECLARED, taskId=id)).result["status"] == "working"


@requirement("tasks.declared")
@pytest.mark.parametrize("method", METHODS)
async def test_a_client_that_knows_no_tasks_is_told_what_it_lacks(gateway: Served, method: str) -> None:
    async with wire(gateway.url, "modern") as client:
        answer = await client.ask(method, taskId="any")
    assert (answer.status, answer.error["code"]) == (400, MISSING_CAPABILITY)
    assert answer.error["data"] == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}


@requirement("tasks.declared", "errors.kept")
@pytest.mark.parametrize("era", ["modern", "legacy"])
@each_upstream
async def test_an_upstream_is_told_of_tasks_only_if_the_client_knows_them(gateway: Served, namespace: str, era) -> None:
    async with wire(gateway.url, era, open=False) as client:
        await client.open(**({"extensions": {EXTENSION: {}}} if era == "legacy" else {}))
        refused: dict[str, Any] = (await client.call(f"{namespace}_job", ends="never")).error
    assert refused["code"] == MISSING_CAPABILITY


@requirement("tasks.declared")
@pytest.mark.parametrize("method", [*METHODS, "tasks/result", "tasks/list"])
async def test_a_legacy_client_has_no_tasks(gateway: Served, method: str) -> None:
    async with wire(gateway.url, "legacy") as client:
        assert (await client.ask(method, taskId="any")).error["code"] == METHOD_NOT_FOUND


@requirement("tasks.declared")
@pytest.mark.parametrize("method", ["tasks/result", "tasks/list"])
async def test_the_methods_of_an_older_revision_are_gone(gateway: Served, method: str) -> None:
    async with wire(gateway.url, "modern") as client:
        answer = await client.ask(method, DECLARED, taskId="any")
    assert (answer.status, answer.error["code"]) == (404, METHOD_NOT_FOUND)


@requirement("tasks.advertised")
async def test_tasks_are_advertised_while_some_upstream_has_them(
    upstreams: Upstreams, tmp_path: Path, raw_legacy: Running
) -> None:
    for names, offered in ((["json", "none"], True), (["none"], False)):
        text = configuration({name: upstreams[name] for name in names} | {"legacy": raw_legacy})
        async with over_http(tmp_path, text) as (_, url), wire(url, "modern", open=False) as client:
            assert (EXTENSION in (await client.open())["capabilities"].get("extensions", {})) is offered
            answer = await client.ask("tasks/get", DECLARED, taskId="any")
            assert answer.error["code"] == (INVALID_PARAMS if offered else METHOD_NOT_FOUND)


@requirement("tasks.advertised")
async def test_those_of_an_upstream_that_is_off_are_not(keep: Keep, tmp_path: Path) -> None:
    upstream = well(keep(raw_http(era="modern", answer="json", tasks=True)))
    text = configuration({"raw": upstream})
    async with over_http(tmp_path, text) as (_, url), wire(url, "modern", open=False) as client:
        assert EXTENSION in (await client.open())["capabilities"].get("extensions", {})
    async with (
        over_http(tmp_path, text + "enabled = false\n") as (_, url),
        wire(url, "modern", open=False) as client,
    ):
        assert EXTENSION not in (await client.open())["capabilities"].get("extensions", {})
