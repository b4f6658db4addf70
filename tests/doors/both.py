"""The same requests at both doors, and how many the express door hands on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import server
from gateway.doors.express.door import Express
from gateway.guard import Guard
from gateway.model.event import CallEvent
from gateway.policy.keys import KeyStore
from gateway.server import Gateway
from tests.contract.wire import Answer, Wire, wire
from tests.gateways.kit import over_http


class Taken:
    """Keeps the bodies of the requests that came through to the main door."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def wrap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def made(app: ASGIApp, **options: Any) -> Express:
            async def counting(scope: Scope, receive: Receive, send: Send) -> None:
                body = b""

                async def reading() -> Message:
                    nonlocal body
                    message = await receive()
                    body += message.get("body", b"")
                    return message

                await app(scope, reading, send)
                if scope["type"] == "http":
                    self.bodies.append(body)

            return Express(counting, **options)

        monkeypatch.setattr(server, "Express", made)


class Door:
    """A gateway with one of the two doors, a modern client of it, and the events of its calls."""

    def __init__(self, gateway: Gateway, client: Wire):
        self.gateway = gateway
        self.client = client
        self.events: list[CallEvent] = []
        gateway.runtime.guard = Guard([self.events.append])


@asynccontextmanager
async def door(
    folder: Path, text: str, *, express: bool, headers: dict[str, str] | None = None, more: str = ""
) -> AsyncGenerator[Door]:
    """A gateway whose express door is on or off, with `more` keys of `[server]`, and a client that sends `headers`."""
    text = f"{text}\n[server]\nexpress = {str(express).lower()}\n{more}"
    async with over_http(folder, text) as (gateway, url), wire(url, "modern", headers) as client:
        yield Door(gateway, client)


def key(folder: Path, scopes: list[str] | None) -> dict[str, str]:
    """The header with a new key of these scopes, for a gateway in `folder`; None for no authentication there."""
    if scopes is None:
        return {}
    return {"Authorization": f"Bearer {KeyStore(folder / 'var').create('caller', scopes)[1]}"}


def told(answer: Answer) -> tuple[Any, ...]:
    """What has to be the same whichever door answered. State is sealed anew each time."""
    for message in answer.messages:
        if "requestState" in message.get("result", {}):
            message["result"]["requestState"] = "sealed"
    kept = {name: answer.headers.get(name) for name in ("content-type", "www-authenticate", "cache-control")}
    return answer.status, kept, answer.messages
