"""Open a session: which transport and which era an upstream speaks is found once, and then remembered.

The order is the specification's (2026-07-28 `basic/transports`, Backward Compatibility): a modern request first, then
the legacy handshake, then the SSE of 2024-11-05.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamAnswered, UpstreamBroken, UpstreamDown, UpstreamError
from gateway.upstream.duplex import Channel, DuplexSession
from gateway.upstream.http_wire import HttpWire, UpstreamHttpError
from gateway.upstream.legacy import LegacySession
from gateway.upstream.legacy_sse import SseChannel
from gateway.upstream.modern import MODERN_ERRORS, UNSUPPORTED_VERSION, ModernSession
from gateway.upstream.session import LEGACY_VERSIONS, Era, Session, Transport
from gateway.upstream.stdio import ProcessChannel


class Speech(NamedTuple):
    """How an upstream is spoken to."""

    transport: Transport
    era: Era


class Connector:
    """Opens sessions with one upstream. All of its HTTP sessions share one set of connections."""

    def __init__(self, namespace: str, config: UpstreamConfig, known: Speech | None = None):
        self._namespace = namespace
        self._config = config
        self._wire = HttpWire(namespace, config) if config.url is not None else None
        self.speech = _configured(config) or known

    async def open(self, capabilities: Mapping[str, Any]) -> Session:
        """A new session that declares `capabilities`.

        Raises:
            UpstreamError: it cannot be reached, or is no MCP server.
        """
        try:
            async with asyncio.timeout(self._config.patience):
                session = await self._open(capabilities)
        except TimeoutError:
            raise UpstreamDown(
                self._namespace, f"did not answer within {self._config.patience:g} s of connecting. Is it running?"
            ) from None
        self.speech = Speech(session.transport, session.era)
        return session

    async def _open(self, capabilities: Mapping[str, Any]) -> Session:
        if self._wire is None:
            return await self._stdio(capabilities)
        match self.speech:
            case Speech("http", "modern"):
                return ModernSession(self._wire)
            case Speech("http", "legacy"):
                return await self._legacy(self._wire, capabilities)
            case Speech("sse"):
                return await self._sse(self._wire, capabilities)
        return await self._find_out(self._wire, capabilities)

    async def _find_out(self, wire: HttpWire, capabilities: Mapping[str, Any]) -> Session:
        if self._config.era != "legacy":
            modern = ModernSession(wire)
            if self._config.era == "modern" or await _is_modern(modern, self._config.patience / 3):
                return modern
        try:
            return await self._legacy(wire, capabilities)
        except (UpstreamBroken, UpstreamHttpError) as refusal:
            if self._config.transport == "http" or getattr(refusal, "status", 400) not in (400, 404, 405):
                raise
            try:
                return await self._sse(wire, capabilities)
            except UpstreamError:
                raise refusal from None  # the first answer says more of what is wrong than the last resort's

    async def _legacy(self, wire: HttpWire, capabilities: Mapping[str, Any]) -> Session:
        session = LegacySession(wire, capabilities)
        await session.open()
        return session

    async def _sse(self, wire: HttpWire, capabilities: Mapping[str, Any]) -> Session:
        return await self._duplex(await SseChannel.open(wire), "sse", "legacy", capabilities)

    async def _stdio(self, capabilities: Mapping[str, Any]) -> Session:
        era = self.speech.era if self.speech is not None else None
        channel = await ProcessChannel.start(self._namespace, self._config)
        return await self._duplex(channel, "stdio", era, capabilities)

    async def _duplex(
        self, channel: Channel, transport: Transport, era: Era | None, capabilities: Mapping[str, Any]
    ) -> Session:
        session = DuplexSession(self._namespace, channel, transport, capabilities)
        try:
            await session.open(era, self._config.patience / 3)
        except BaseException:
            await session.close()
            raise
        return session

    def forget(self) -> None:
        """Find out anew at the next session: what was remembered no longer holds."""
        self.speech = _configured(self._config)

    def close(self) -> None:
        """Drop the connections that sessions shared."""
        if self._wire is not None:
            self._wire.close()


def _configured(config: UpstreamConfig) -> Speech | None:
    if config.transport == "sse":
        return Speech("sse", "legacy")
    if config.era != "auto" and config.command is not None:
        return Speech("stdio", config.era)
    if config.era == "modern":
        return Speech("http", "modern")
    return None


async def _is_modern(session: ModernSession, patience: float) -> bool:
    """Whether it answers `server/discover`, or refuses it with an error that only a modern server knows."""
    try:
        async with asyncio.timeout(patience):
            await session.discover()
    except UpstreamAnswered as error:
        if error.code == UNSUPPORTED_VERSION and _supports_legacy(error.data):
            return False
        if error.code in MODERN_ERRORS:
            raise
        return False
    except (TimeoutError, UpstreamBroken, UpstreamHttpError):
        return False
    return True


def _supports_legacy(data: Any) -> bool:
    supported = data.get("supported") if isinstance(data, dict) else None
    return isinstance(supported, list) and any(v in LEGACY_VERSIONS for v in supported if isinstance(v, str))
