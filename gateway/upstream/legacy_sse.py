"""The HTTP+SSE transport of 2024-11-05: one GET stream in, POSTs out to the endpoint that it names first."""

import sys
from collections.abc import AsyncGenerator
from typing import Self

from gateway.errors import SessionLost, UpstreamBroken
from gateway.upstream.http1 import Response, header_block
from gateway.upstream.http_wire import HttpWire, UpstreamHttpError, named_errors
from gateway.upstream.sse import Event, EventParser


class SseChannel:
    """An open event stream and the endpoint to post to."""

    def __init__(self, wire: HttpWire, response: Response):
        self._wire = wire
        self._response = response
        self._incoming = _events(response, wire.limit)
        self._endpoint = ""

    @classmethod
    async def open(cls, wire: HttpWire) -> Self:
        """Open the stream and wait for its `endpoint` event.

        Raises:
            UpstreamBroken: it is no such stream, or names an endpoint on another origin.
            UpstreamHttpError: it answered with another status than 200.
        """
        with named_errors(wire.namespace):
            headers = header_block({"Accept": "text/event-stream"}) + wire.credential.block
            channel = cls(wire, await wire.client.request("GET", headers))
            try:
                await channel._find_endpoint()
            except BaseException:  # a cancellation too
                channel._response.drop()
                raise
        return channel

    async def _find_endpoint(self) -> None:
        if self._response.status != 200:
            raise UpstreamHttpError(self._wire.namespace, self._response.status)
        first = await anext(self._incoming, None)
        if first is None or first.type != "endpoint":
            raise UpstreamBroken(
                self._wire.namespace, "sent no endpoint on its event stream. Check its url and transport."
            )
        endpoint = self._wire.client.resolve(first.data.decode("utf-8", "replace"))
        if endpoint is None:
            raise UpstreamBroken(
                self._wire.namespace, "names an endpoint on another origin, where our credential must not go."
            )
        self._endpoint = endpoint

    async def send(self, message: bytes) -> None:
        try:
            await self._wire.tell(message, target=self._endpoint)
        except UpstreamHttpError as error:
            if error.status == 404:
                raise SessionLost from error
            raise

    async def receive(self) -> AsyncGenerator[bytes]:
        with named_errors(self._wire.namespace):
            async for event in self._incoming:
                if event.type == "message" and event.data:
                    yield event.data

    async def last_words(self) -> str:
        return " (its event stream ended)"

    async def close(self) -> None:
        """Drop the stream: that is all a 2024-11-05 server learns of the end."""
        self._response.drop()


async def _events(response: Response, limit: int) -> AsyncGenerator[Event]:
    """The events of a stream without end, each of at most `limit` bytes."""
    parser = EventParser(limit)
    while chunk := await response.chunk(sys.maxsize):
        for event in parser.feed(chunk):
            yield event
