"""Every pairing of a client's era with a kind of upstream, and what of its kind a test must know."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from fastmcp import Client

from tests.gateways.kit import Served
from tests.upstreams.kit import Command, Running

Era = Literal["modern", "legacy"]
CLIENTS: dict[Era, str] = {"modern": "auto", "legacy": "legacy"}
"""How FastMCP's client opens in each era."""


@dataclass(frozen=True)
class Kind:
    """A kind of upstream: its namespace in the gateway, the era and transport it speaks, whose code it is.

    `home` is the authority in its URIs. `streams`: whether anything can come before an answer.
    """

    namespace: str
    era: Era
    transport: Literal["http", "sse", "stdio"] = "http"
    home: Literal["raw", "fastmcp", "legacy"] = "raw"
    streams: bool = True

    @property
    def is_raw(self) -> bool:
        return self.home == "raw"


KINDS = (
    Kind("modern", "modern"),
    Kind("modern-json", "modern", streams=False),
    Kind("session", "legacy"),
    Kind("session-json", "legacy", streams=False),
    Kind("sessionless", "legacy"),
    Kind("sse", "legacy", "sse"),
    Kind("pipe", "modern", "stdio"),
    Kind("legacy-pipe", "legacy", "stdio"),
    Kind("fastmcp", "modern", home="fastmcp"),
    Kind("mcp-1", "legacy", home="legacy"),
)
RAW = tuple(kind for kind in KINDS if kind.is_raw)
STREAMING = tuple(kind for kind in KINDS if kind.streams)


@dataclass(frozen=True)
class Pair:
    """A client's era and an upstream behind the gateway, well and with an empty record."""

    client_era: Era
    kind: Kind
    gateway: Served
    upstream: Running | Command

    def client(self, **options: Any) -> Client:
        return Client(self.gateway.url, mode=CLIENTS[self.client_era], verify=False, **options)  # as `plain_http`

    def name(self, own: str) -> str:
        """The public name of a tool or prompt."""
        return f"{self.kind.namespace}_{own}"

    def uri(self, own: str) -> str:
        """The public form of a URI that has an authority."""
        return own.replace("://", f"://{self.kind.namespace}/", 1)


def pairs(kinds: Iterable[Kind] = KINDS, clients: Iterable[Era] = CLIENTS) -> pytest.MarkDecorator:
    """Run a test with a `pair` of each of these clients with each of these kinds."""
    chosen = [(client, kind) for kind in kinds for client in clients]
    names = [f"{client}-client-{kind.namespace}" for client, kind in chosen]
    return pytest.mark.parametrize("pair", chosen, ids=names, indirect=True)
