"""Open a session: which transport and which era an upstream speaks is found once, and then remembered.

The order is the specification's (2026-07-28 `basic/transports`, Backward Compatibility): a modern request first, then
the legacy handshake, then the SSE of 2024-11-05.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from gateway.config.model import UpstreamConfig
from gateway.errors import (
    GatewayError,
    SessionLost,
    UpstreamAnswered,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLost,
)
from gateway.upstream.common import Common
from gateway.upstream.duplex import Channel, DuplexSession
from gateway.upstream.errands import Errands
from gateway.upstream.http_wire import HttpWire, UpstreamHttpError
from gateway.upstream.legacy import LegacySession
from gateway.upstream.legacy_sse import SseChannel
from gateway.upstream.listener import Era
from gateway.upstream.modern import ModernSession
from gateway.upstream.restarts import Restarts
from gateway.upstream.session import UNKNOWN, Session, Transport
from gateway.upstream.stdio import ProcessChannel

SomeSession = TypeVar("SomeSession", bound=Session)
# A call waits for the next start of a program that has just ended, if that is soon.
PATIENT_SECONDS = 2.0


class Speech(NamedTuple):
    """How an upstream is spoken to."""

    transport: Transport
    era: Era


class Connector:
    """Opens sessions with one upstream. All of its HTTP sessions share one set of connections."""

    def __init__(
        self,
        namespace: str,
        config: UpstreamConfig,
        known: Speech | None = None,
        misbehaved: Callable[[str], None] = lambda _: None,
        common: Common | None = None,
    ):
        self._namespace = namespace
        self._misbehaved = misbehaved
        self._config = config
        common = common or Common()
        self._wire = HttpWire(namespace, config, common.origins) if config.url is not None else None
        self._errands = Errands()
        self._starts = common.starts
        self._restarts = Restarts()
        self.speech = _configured(config) or known

    def __repr__(self) -> str:
        return f"<Connector {self._namespace} {' '.join(self.speech) if self.speech is not None else 'unknown'}>"

    @property
    def era(self) -> Era | None:
        """The era that the upstream was last found to speak."""
        return self.speech.era if self.speech is not None else None

    def tell_secrets(self, tell: Callable[[Iterable[str]], None]) -> None:
        """Have `tell` called with every secret that is read after the configuration was."""
        if self._wire is not None:
            self._wire.credential.on_read = tell

    def renew(self, config: UpstreamConfig) -> None:
        """Go on with the credential that `config` has; sessions and connections stay."""
        self._config = config
        if self._wire is not None:
            self._wire.credential.take(config)

    async def open(self, capabilities: Mapping[str, Any]) -> Session:
        """A new session that declares `capabilities`.

        Raises:
            UpstreamError: it cannot be reached, or is no MCP server that we can speak with.
        """
        try:
            session = await self._open(capabilities)
        except TimeoutError:
            raise self._silence() from None
        except UpstreamLost as error:  # only the handshake: no call was sent
            self.forget()
            raise UpstreamDown(self._namespace, f"{error.reason.removesuffix(UNKNOWN)}Nothing was sent.") from error
        except UpstreamAnswered as error:
            raise UpstreamBroken(
                self._namespace, f"refused to open a session (error {error.code}). Check its url, and its own log."
            ) from error
        except SessionLost:
            raise UpstreamBroken(
                self._namespace, "ended a session while it was being opened. See its own log."
            ) from None
        self.speech = Speech(session.transport, session.era)
        return session

    async def _open(self, capabilities: Mapping[str, Any]) -> Session:
        if self._wire is None:
            return await self._program(capabilities)
        async with asyncio.timeout(self._config.patience):
            return await self._http(self._wire, capabilities)

    def _silence(self, said: str = "") -> UpstreamDown:
        waited = f"did not answer within {self._config.patience:g} s of connecting"
        return UpstreamDown(self._namespace, f"{waited}{said}. Is it running?")

    async def _http(self, wire: HttpWire, capabilities: Mapping[str, Any]) -> Session:
        match self.speech:
            case Speech("http", "modern"):
                return self._heard(ModernSession(wire))
            case Speech("http", "legacy"):
                return await self._legacy(wire, capabilities)
            case Speech("sse"):
                return await self._sse(wire, capabilities)
        return await self._find_out(wire, capabilities)

    async def _find_out(self, wire: HttpWire, capabilities: Mapping[str, Any]) -> Session:
        if self._config.era != "legacy":
            modern = self._heard(ModernSession(wire))
            if await _is_modern(modern, self._config.patience / 3):
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
        session = self._heard(LegacySession(wire, capabilities))
        try:
            await session.open()
        except BaseException:  # a cancellation too
            self._abandon(session)
            raise
        return session

    async def _sse(self, wire: HttpWire, capabilities: Mapping[str, Any]) -> Session:
        return await self._duplex(await SseChannel.open(wire), "sse", "legacy", capabilities)

    async def _program(self, capabilities: Mapping[str, Any]) -> Session:
        """A process of its own, started when its turn has come; that it ends by itself is held against the next."""
        await self._turn()
        try:
            async with self._starts.place():
                session = await self._stdio(capabilities)
        except UpstreamLost as error:
            self._ended(error)
            raise
        session.on_lost = self._ended
        return session

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time
        while (wait := self._restarts.wait(now())) > 0:
            if wait > PATIENT_SECONDS:
                raise self._too_often(wait)
            await asyncio.sleep(wait)

    def _too_often(self, wait: float) -> UpstreamDown:
        at = datetime.fromtimestamp(time.time() + wait, UTC).isoformat(timespec="seconds")
        often = f"ended by itself {self._restarts.in_a_row} times in a row"
        last = f"The last time it {self._restarts.words}"
        return UpstreamDown(self._namespace, f"{often}. {last} It may be started again at {at}. Nothing was sent.")

    def _ended(self, error: GatewayError) -> None:
        words = error.reason if isinstance(error, UpstreamError) else error.message
        self._restarts.ended(asyncio.get_running_loop().time(), words.removesuffix(UNKNOWN).strip())

    async def _stdio(self, capabilities: Mapping[str, Any]) -> DuplexSession:
        era = self.speech.era if self.speech is not None else None
        try:
            return await self._process(era, capabilities)
        except UpstreamLost:
            if era is not None:
                raise
            # Some legacy servers end when the first thing they hear is not `initialize`.
            return await self._process("legacy", capabilities)

    async def _process(self, era: Era | None, capabilities: Mapping[str, Any]) -> DuplexSession:
        channel = await ProcessChannel.start(self._namespace, self._config)
        try:
            async with asyncio.timeout(self._config.patience):
                return await self._duplex(channel, "stdio", era, capabilities)
        except TimeoutError:
            raise self._silence(channel.said) from None

    async def _duplex(
        self, channel: Channel, transport: Transport, era: Era | None, capabilities: Mapping[str, Any]
    ) -> DuplexSession:
        session = self._heard(DuplexSession(self._namespace, channel, transport, capabilities))
        try:
            await session.open(era, self._config.patience / 3)
        except BaseException:  # a cancellation too
            self._abandon(session)
            raise
        return session

    def _heard(self, session: SomeSession) -> SomeSession:
        """The session, which tells what the upstream does wrong from its first message on."""
        session.misbehaved = self._misbehaved
        return session

    def _abandon(self, session: Session) -> None:
        """Close what could not be opened, whether or not its opener may still wait for that."""
        self._errands.start(session.close(), f"closing a session with {self._namespace}")

    def forget(self) -> None:
        """Find out anew at the next session: what was remembered no longer holds."""
        self.speech = _configured(self._config)

    async def close(self) -> None:
        """Drop the connections that sessions shared."""
        await self._errands.finish()
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
    """Whether it answers `server/discover`. Raises UpstreamAnswered with an error that only a modern server knows."""
    try:
        async with asyncio.timeout(patience):
            await session.describe()
    except (TimeoutError, UpstreamBroken, UpstreamHttpError):
        return False
    return True
