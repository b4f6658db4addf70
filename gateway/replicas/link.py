"""One channel of a Valkey (or Redis) on which all replicas speak and listen. Nothing here can hold up a caller."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.observe.logs import get_logger
from gateway.replicas.state import LinkState

log = get_logger(__name__)

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
# Who hears nothing for so long asks whether the other end is still there.
PING_SECONDS = 1.0
AGAIN_SECONDS = (0.1, 0.5, 1.0)
# Far above any notice: what is longer is none of ours.
MOST_BYTES = 4096


class Link:
    """Keeps listening, and says what is to be said as soon as it can.

    Args:
        on_connected: called whenever it begins to listen: what was said before then is not known.
        on_heard: called with each text that is said, our own too.
    """

    def __init__(self, url: str, channel: str, on_connected: Callable[[], None], on_heard: Callable[[str], None]):
        self.state = LinkState("connecting", time.time())
        self.said = 0
        self.heard = 0
        self._url = url
        self._channel = channel
        self._on_connected = on_connected
        self._on_heard = on_heard
        self._to_say: dict[str, str] = {}
        self._failures = 0
        self._set_up()

    def _set_up(self) -> None:
        """An event belongs to the loop in which it was first waited for, and a gateway may be opened in another."""
        self._connected = asyncio.Event()
        self._tried = asyncio.Event()
        self._wanted = asyncio.Event()

    def say(self, topic: str, text: str) -> None:
        """Say `text` soon; it replaces what has not been said of `topic` yet, so that little can pile up."""
        self._to_say[topic] = text
        self._wanted.set()

    async def tried(self) -> None:
        """Until the first attempt to connect has ended, well or not."""
        await self._tried.wait()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Listening and speaking, for as long as the block lasts."""
        self._set_up()
        async with Redis.from_url(
            self._url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),  # its own attempts would come on top of ours
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
        ) as redis:
            tasks = [
                asyncio.create_task(self._listen(redis), name="what replicas say"),
                asyncio.create_task(self._speak(redis), name="what replicas are told"),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    # listening

    async def _listen(self, redis: Redis) -> None:
        while True:
            try:
                await self._listen_once(redis)
            except Exception as error:  # noqa: BLE001 (whatever the library makes of nonsense: it is told, and tried again)
                self._lost(error)
            await asyncio.sleep(AGAIN_SECONDS[min(self._failures, len(AGAIN_SECONDS)) - 1])

    async def _listen_once(self, redis: Redis) -> None:
        async with redis.pubsub() as subscription:
            async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
                await subscription.subscribe(self._channel)
                await _next(subscription)
            self._is_connected()
            while True:
                message = await _next(subscription)
                if message["type"] == "message" and len(message["data"]) <= MOST_BYTES:
                    self.heard += 1
                    self._on_heard(message["data"].decode(errors="replace"))

    def _is_connected(self) -> None:
        log.info("replicas can be heard")
        self.state = LinkState("connected", time.time())
        self._failures = 0
        self._connected.set()
        self._tried.set()
        self._on_connected()

    def _lost(self, error: Exception) -> None:
        self._failures += 1
        self._connected.clear()
        self._tried.set()
        reason = f"{type(error).__name__}: {error}" if str(error) else "no answer in time"
        if self.state.name != "lost":
            log.warning("replicas cannot be heard: each finds changes by its own timer meanwhile", reason=reason)
            self.state = LinkState("lost", time.time(), reason)
        self.state = LinkState("lost", self.state.since, reason)

    # speaking

    async def _speak(self, redis: Redis) -> None:
        while True:
            await self._wanted.wait()
            await self._connected.wait()
            topic = next(iter(self._to_say), None)
            if topic is None:
                self._wanted.clear()
            elif not await self._say_once(redis, topic):
                await asyncio.sleep(AGAIN_SECONDS[-1])

    async def _say_once(self, redis: Redis, topic: str) -> bool:
        text = self._to_say[topic]
        try:
            async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
                await redis.publish(self._channel, text)
        except Exception:  # the same
            log.debug("replicas could not be told", exc_info=True)
            return False
        self.said += 1
        if self._to_say.get(topic) == text:
            del self._to_say[topic]
        return True


async def _next(subscription: PubSub) -> dict[str, Any]:
    """The next thing that comes; where nothing does, it is asked for a sign of life.

    Raises:
        TimeoutError: there is none.
    """
    message = await subscription.get_message(timeout=PING_SECONDS)
    if message is None:
        async with asyncio.timeout(ANSWER_SECONDS):
            await subscription.ping()
        message = await subscription.get_message(timeout=ANSWER_SECONDS)
    if message is None:
        raise TimeoutError
    return message
