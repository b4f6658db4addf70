"""The kit's upstreams as the gateway is configured for them, and what a caller hears from them."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from gateway.catalog.catalog import Catalog, Source, build
from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamAnswered
from gateway.upstream.listener import SILENT, Era, Listener
from gateway.upstream.relay import Exchange, exchange
from gateway.upstream.session import Transport
from gateway.upstream.sharing import Caller
from gateway.upstream.upstream import Upstream
from tests.upstreams.kit import Command, Recorded, Running

NAMESPACE = "raw"


class Kind(NamedTuple):
    """A way to speak: the fixture of an upstream that speaks so, and what must be found of it."""

    fixture: str
    transport: Transport
    era: Era
    streams: bool = True
    sessions: bool = True


MODERN = Kind("raw_modern", "http", "modern", sessions=False)
MODERN_JSON = Kind("raw_modern_json", "http", "modern", streams=False, sessions=False)
LEGACY = Kind("raw_legacy", "http", "legacy")
LEGACY_JSON = Kind("raw_legacy_json", "http", "legacy", streams=False)
SESSIONLESS = Kind("raw_sessionless", "http", "legacy", sessions=False)
BOTH = Kind("raw_both", "http", "modern", sessions=False)
SSE = Kind("raw_sse_upstream", "sse", "legacy")
MODERN_STDIO = Kind("modern_command", "stdio", "modern")
LEGACY_STDIO = Kind("legacy_era_command", "stdio", "legacy")
BOTH_STDIO = Kind("both_command", "stdio", "modern")

ALL = [MODERN, MODERN_JSON, LEGACY, LEGACY_JSON, SESSIONLESS, BOTH, SSE, MODERN_STDIO, LEGACY_STDIO, BOTH_STDIO]
STREAMING = [each for each in ALL if each.streams]


def named(kind: Kind) -> str:
    return kind.fixture


every_kind = pytest.mark.parametrize("kind", ALL, ids=named)
"""For tests that hold for all of them."""


def config_for(target: Running | Command, **more: Any) -> UpstreamConfig:
    """What a configuration file would say of it."""
    if isinstance(target, Command):
        return UpstreamConfig(command=target.command, args=target.args, env=secret(target.env), **more)
    return UpstreamConfig(url=target.url, **more)


def secret(values: dict[str, str]) -> Any:
    """Plain text, which the model wraps."""
    return dict(values)


class Ear:
    """What a client hears in the middle of a call: `told` keeps it; `answers` are by method, an error is raised."""

    def __init__(self, answers: dict[str, dict[str, Any] | UpstreamAnswered] | None = None, **wishes: Any):
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers or {}
        self.listener = Listener(notify=self._notify, ask=self._ask, **wishes)

    async def _notify(self, method: str, params: dict[str, Any]) -> None:
        self.told.append((method, params))

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((method, params))
        answer = self._answers[method]
        if isinstance(answer, UpstreamAnswered):
            raise answer
        return answer

    @property
    def steps(self) -> list[Any]:
        """The progress of each report."""
        return [params["progress"] for method, params in self.told if method == "notifications/progress"]

    @property
    def logged(self) -> list[Any]:
        """Level and data of each log message."""
        return [(params["level"], params["data"]) for method, params in self.told if method == "notifications/message"]


def text_of(result: dict[str, Any]) -> str:
    return result["content"][0]["text"]


ADA, BOB = Caller("ada", "s1"), Caller("bob", "s1")


class Front:
    """An upstream that the gateway keeps, and calls of it through the relay."""

    def __init__(self, upstream: Upstream, target: Running | Command):
        self.upstream = upstream
        self.target = target

    def catalog(self) -> Catalog:
        """What it offers now."""
        return build([Source("upstream", NAMESPACE, self.upstream.listing)])

    async def call(
        self,
        tool: str,
        /,
        listener: Listener = SILENT,
        caller: Caller = ADA,
        meta: dict[str, Any] | None = None,
        repeatable: bool | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Call a tool by its own name. It is `repeatable` if its listing says so, where this does not."""
        route = self.catalog().tool(f"{NAMESPACE}_{tool}")
        assert route is not None, f"{tool} is not listed"
        if repeatable is not None:
            route = replace(route, repeatable=repeatable)
        params = {"name": route.public, "arguments": arguments}
        return await exchange(
            self.upstream, route, Exchange(caller, params if meta is None else params | {"_meta": meta}, listener)
        )

    async def read(self, uri: str) -> dict[str, Any]:
        """Read a resource by its public URI."""
        route = self.catalog().resource(uri)
        assert route is not None
        return await exchange(self.upstream, route, Exchange(ADA, {"uri": uri}))

    async def prompt(self, name: str, /, **arguments: str) -> dict[str, Any]:
        """Get a prompt by its own name."""
        route = self.catalog().prompt(f"{NAMESPACE}_{name}")
        assert route is not None
        return await exchange(self.upstream, route, Exchange(ADA, {"name": route.public, "arguments": arguments}))

    def asked(self, rpc: str = "") -> list[Recorded]:
        """What it heard of that method, or at all but for the streams on which it tells of changes."""
        heard = [each for each in self.target.record() if each["rpc"] != "subscriptions/listen"]
        return [each for each in heard if rpc in ("", each["rpc"]) and each.get("http") != "GET"]
