"""Headers of a modern client: they say what the body says, once, or the request is refused before anything runs."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.contract.requirements import requirement
from tests.gateways.kit import Served, plain_http
from tests.upstreams.messages import modern_call, modern_request

VERSION, METHOD, NAME = "mcp-protocol-version", "mcp-method", "mcp-name"
REGION, LIMIT = "mcp-param-region", "mcp-param-limit"
HEADER_MISMATCH = -32020
ECHO = modern_call("modern_echo", text="hello")
READ = modern_request("resources/read", uri="text://modern/raw/notes")
PROMPT = modern_request("prompts/get", name="modern_plain")
HEADER = modern_call("modern_header", region="eu", paging={"limit": 5})

Request = tuple[dict[str, Any], dict[str, str]]


async def sent(gateway: Served, request: Request, change: Mapping[str, list[str]]) -> httpx.Response:
    """The answer to `request` with these headers in place of its own of that name: none, one or several."""
    body, headers = request
    lines = [(name, value) for name, value in headers.items() if name not in change]
    lines += [(name, value) for name, values in change.items() for value in values]
    async with plain_http() as http:
        return await http.post(gateway.url, json=body, headers=lines)


LEGACY_HEADER: list[tuple[Request, dict[str, list[str]]]] = [
    (ECHO, {VERSION: ["2025-11-25"]}),
    (ECHO, {VERSION: ["2025-11-25"], METHOD: [], NAME: []}),
    (ECHO, {VERSION: []}),
    (READ, {VERSION: ["2025-03-26"]}),
]
WRONG: list[tuple[Request, dict[str, list[str]]]] = [
    (ECHO, {VERSION: ["2099-01-01"]}),
    (ECHO, {VERSION: ["2026-07-28", "2026-07-28"]}),
    (ECHO, {VERSION: ["2026-07-28", "2025-11-25"]}),
    (ECHO, {VERSION: ["2025-11-25", "2026-07-28"]}),
    (ECHO, {METHOD: []}),
    (ECHO, {METHOD: ["tools/list"]}),
    (ECHO, {METHOD: ["TOOLS/CALL"]}),
    (ECHO, {METHOD: ["tools/call", "tools/call"]}),
    (ECHO, {NAME: []}),
    (ECHO, {NAME: ["echo"]}),
    (ECHO, {NAME: ["modern_echo, modern_echo"]}),
    (ECHO, {NAME: ["modern_echo", "modern_echo"]}),
    (ECHO, {NAME: ["=?base64?ZWNobw==?="]}),
    (ECHO, {NAME: ["=?base64?!!?="]}),
    (READ, {NAME: ["text://raw/notes"]}),
    (READ, {NAME: []}),
    (PROMPT, {NAME: ["plain"]}),
    *LEGACY_HEADER,
]


@requirement("headers.agree")
@pytest.mark.parametrize(("request_", "change"), WRONG, ids=[str(change) for _, change in WRONG])
async def test_headers_that_do_not_agree_are_refused(
    gateway: Served, every_kind: Any, request_: Request, change: dict[str, list[str]]
) -> None:
    answer = await sent(gateway, request_, change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, HEADER_MISMATCH)
    ran = {entry["rpc"] for entry in every_kind["modern"].record()}
    assert not ran & {"tools/call", "resources/read", "prompts/get"}


@requirement("headers.agree", "headers.encoded")
@pytest.mark.parametrize(
    ("request_", "change"),
    [
        (ECHO, {}),
        (READ, {}),
        (PROMPT, {}),
        (ECHO, {NAME: ["=?base64?bW9kZXJuX2VjaG8=?="]}),
        (READ, {NAME: ["=?base64?dGV4dDovL21vZGVybi9yYXcvbm90ZXM=?="]}),
    ],
)
async def test_headers_that_agree_pass(gateway: Served, request_: Request, change: dict[str, list[str]]) -> None:
    assert (await sent(gateway, request_, change)).status_code == 200


@requirement("headers.params")
@pytest.mark.parametrize(
    "change",
    [
        {},
        {REGION: ["eu"]},
        {REGION: ["us"], LIMIT: ["5"]},
        {REGION: ["eu", "eu"], LIMIT: ["5"]},
        {REGION: ["=?base64?dXM=?="], LIMIT: ["5"]},
        {REGION: ["eu"], LIMIT: ["6"]},
    ],
    ids=str,
)
async def test_arguments_that_their_headers_contradict_are_refused(
    gateway: Served, every_kind: Any, change: dict[str, list[str]]
) -> None:
    answer = await sent(gateway, HEADER, change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, HEADER_MISMATCH)
    assert "tools/call" not in {entry["rpc"] for entry in every_kind["modern"].record()}


@requirement("headers.params", "headers.encoded")
@pytest.mark.parametrize(
    "change",
    [
        {REGION: ["eu"], LIMIT: ["5"]},
        {REGION: ["=?base64?ZXU=?="], LIMIT: ["5.0"]},
        {REGION: ["eu"], LIMIT: ["5"], "mcp-param-other": ["canary"]},
    ],
    ids=str,
)
async def test_arguments_that_their_headers_repeat_go_up_with_headers_made_anew(
    gateway: Served, every_kind: Any, change: dict[str, list[str]]
) -> None:
    assert (await sent(gateway, HEADER, change)).status_code == 200
    (received,) = [entry for entry in every_kind["modern"].record() if entry["rpc"] == "tools/call"]
    assert (received["headers"][NAME], received["headers"][REGION], received["headers"][LIMIT]) == ("header", "eu", "5")
    assert "mcp-param-other" not in received["headers"]
