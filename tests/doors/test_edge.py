"""The edge: what every request passes before anything of MCP sees it."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.doors.edge import CountsRefusals, Edge
from gateway.observe.request_ids import request_id
from gateway.policy.throttle import FailureThrottle

LOOPBACK = ("127.0.0.1", 8000)
LAN = ("192.0.2.7", 8000)


class App:
    """What stands behind the edge: it answers with `status`, and notes the request ids under which it is asked."""

    def __init__(self) -> None:
        self.status = 200
        self.ids: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.ids.append(request_id.get())
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": b"app"})


class Asked:
    """An edge before an app, and how to ask it as a server would."""

    def __init__(self, **options: Any):
        self.app = App()
        settings: dict[str, Any] = {"hosts": [], "origins": [], "loopback_only": False}
        throttle = FailureThrottle()
        self.edge = Edge(CountsRefusals(self.app, throttle), throttle, **{**settings, **options})

    async def __call__(
        self,
        path: str = "/mcp",
        server: Any = LOOPBACK,
        client: Any = ("127.0.0.1", 5000),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and body of the answer to one request."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        pairs = {"host": "127.0.0.1:8000", **(headers or {})}
        raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
        about = {"method": "POST", "scheme": "http", "path": path, "query_string": b"", "headers": raw}
        await self.edge({"type": "http", "server": server, "client": client, **about}, receive, send)
        start, body = sent
        return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, body["body"].decode()


# request ids


async def test_each_request_has_an_id_of_its_own_and_leaves_none_behind() -> None:
    ask = Asked()
    for _ in range(3):
        assert await ask() == (200, {}, "app")
    assert len(set(ask.app.ids)) == 3
    assert all(len(id) == 16 for id in ask.app.ids)
    assert request_id.get() == ""


async def test_an_id_that_a_client_sends_is_not_taken_up() -> None:
    ask = Asked()
    await ask(headers={"x-request-id": "canary"})
    assert "canary" not in ask.app.ids[0]


async def test_what_is_no_http_passes() -> None:
    ask = Asked(loopback_only=True)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nothing is sent or received here")

    await ask.edge({"type": "lifespan"}, nothing, nothing)
    assert ask.app.ids == [""]


async def test_a_server_may_give_its_address_as_a_list() -> None:
    ask = Asked()
    assert [(await ask(server=[*LOOPBACK]))[0] for _ in range(2)] == [200, 200]


# loopback only


@pytest.mark.parametrize("server", [LOOPBACK, ("127.8.9.1", 1), ("::1", 8000), ("/run/gateway.sock", None)])
async def test_without_authentication_loopback_is_served(server: Any) -> None:
    host = f"[{server[0]}]" if ":" in server[0] else server[0]
    headers = {"host": "localhost" if server[1] is None else host}
    assert (await Asked(loopback_only=True)(server=server, headers=headers))[0] == 200


@pytest.mark.parametrize(
    "server",
    [
        LAN,
        ("0.0.0.0", 8000),
        ("::", 8000),
        ("2001:db8::1", 8000),
        ("::ffff:192.0.2.7", 8000),
        ("example.com", 80),
        None,
    ],
)
async def test_without_authentication_no_other_address_is(server: Any) -> None:
    ask = Asked(loopback_only=True)
    status, _, body = await ask(server=server)
    assert status == 403
    assert "gateway keys create" in body
    assert ask.app.ids == []


@pytest.mark.parametrize(
    "header",
    ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "x-forwarded-server", "x-original-host", "via"],
)
async def test_no_header_makes_another_address_loopback(header: str) -> None:
    ask = Asked(loopback_only=True)
    value = "for=127.0.0.1;host=localhost" if header == "forwarded" else "127.0.0.1"
    status, _, _ = await ask(server=LAN, headers={header: value, "host": "localhost"})
    assert status == 403
    assert ask.app.ids == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_may_come_from_anywhere_under_any_name(path: str) -> None:
    ask = Asked(loopback_only=True)
    headers = {"host": "anything.example", "origin": "https://evil.example"}
    assert (await ask(path, server=LAN, headers=headers))[0] == 200


@pytest.mark.parametrize("path", ["/healthz/", "/healthz/../mcp", "/HEALTHZ", "//healthz", "/readyz/x", "/mcp/healthz"])
async def test_nothing_else_passes_as_a_probe(path: str) -> None:
    ask = Asked(loopback_only=True)
    assert (await ask(path, server=LAN))[0] == 403
    assert (await ask(path, headers={"host": "evil.example"}))[0] == 421


# host and origin


async def test_configured_hosts_and_origins_pass() -> None:
    ask = Asked(hosts=["mcp.example.com"], origins=["https://app.example.com"])
    for headers in (
        {"host": "mcp.example.com"},
        {"host": "mcp.example.com:443", "origin": "https://app.example.com"},
        {"host": "localhost:8000", "origin": "https://app.example.com"},
    ):
        assert (await ask(headers=headers))[0] == 200
    assert (await ask(headers={"host": "other.example.com"}))[0] == 421
    assert (await ask(headers={"host": "mcp.example.com", "origin": "https://other.example.com"}))[0] == 403


# the brake on guessing


BEARER = {"authorization": "Bearer gw_wrong"}


async def test_the_eleventh_wrong_credential_of_an_address_is_not_even_looked_at() -> None:
    ask = Asked()
    ask.app.status = 401
    for _ in range(10):
        assert (await ask(headers=BEARER))[0] == 401
    status, headers, body = await ask(headers=BEARER)
    assert status == 429
    assert 0 < int(headers["retry-after"]) <= 60
    assert "Too many failed credentials" in body
    assert len(ask.app.ids) == 10


async def test_other_addresses_and_requests_without_a_credential_are_not_braked() -> None:
    ask = Asked()
    ask.app.status = 401
    for _ in range(11):
        await ask(headers=BEARER)
    assert (await ask(headers=BEARER, client=("192.0.2.9", 1)))[0] == 401
    assert (await ask())[0] == 401
    assert (await ask("/healthz", headers=BEARER))[0] == 401


@pytest.mark.parametrize("status", [200, 403, 404, 500])
async def test_only_a_refused_credential_counts(status: int) -> None:
    ask = Asked()
    ask.app.status = status
    for _ in range(12):
        assert (await ask(headers=BEARER))[0] == status


async def test_a_request_without_an_address_counts_as_one_of_them() -> None:
    ask = Asked()
    ask.app.status = 401
    assert [(await ask(headers=BEARER, client=None))[0] for _ in range(11)] == [401] * 10 + [429]
