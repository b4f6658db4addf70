"""The kit's upstreams as the gateway is configured for them, and what a caller hears from them."""

from typing import Any, NamedTuple

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamAnswered
from gateway.upstream.session import Era, Listener, Transport
from tests.upstreams.kit import Command, Running

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
