"""A request has one line, and says neither its query nor its headers."""

import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.doors.access import AccessLog
from tests.contract.wire import wire
from tests.gateways.kit import configuration, served


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def request(caplog: pytest.LogCaptureFixture, **scope: Any) -> list[Any]:
    """The lines of one request; what was sent went on as it was."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    with caplog.at_level(logging.INFO, "gateway.access"):
        await AccessLog(answer)({"type": "http", "method": "POST", "path": "/mcp", **scope}, receive, send)
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
    return [record.msg for record in caplog.records if record.name == "gateway.access"]


async def test_it_says_who_asked_what_and_how_that_ended(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = await request(caplog, client=("127.0.0.1", 5000), query_string=b"key=canary", headers=[(b"a", b"canary")])
    assert (
        line.items()
        >= {
            "event": "request",
            "client": "127.0.0.1:5000",
            "method": "POST",
            "path": "/mcp",
            "status": 404,
        }.items()
    )
    assert "canary" not in str(line)


async def test_a_client_on_a_unix_socket_has_no_address(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = await request(caplog)
    assert line["client"] == ""


async def test_a_list_has_a_line_too_though_the_express_door_answers_it(tmp_path: Path) -> None:
    with served(tmp_path, configuration({})) as gateway:
        async with wire(gateway.url, "modern") as client:
            assert (await client.ask("tools/list")).status == 200
            assert (await client.ask("tools/list", cursor="none")).status == 400
        assert [line["status"] for line in gateway.lines(event="request")] == [200, 400]
