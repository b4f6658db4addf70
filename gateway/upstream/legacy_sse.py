"""The HTTP+SSE transport of 2024-11-05: one GET stream in, POSTs out to the endpoint that it names first."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Self
from urllib.parse import urljoin, urlsplit

from gateway.errors import SessionLost, UpstreamBroken
from gateway.upstream.http1 import Response, header_block
from gateway.upstream.http_wire import HttpWire, UpstreamHttpError, named_errors
from gateway.upstream.sse import Event, events


class SseChannel:
    """An open event stream and the endpoint to post to."""

    def __init__(self, wire: HttpWire, response: Response, incoming: AsyncGenerator[Event], endpoint: str):
        self._wire = wire
        self._response = response
        self._incoming = incoming
        self._endpoint = endpoint

    @classmethod
    async def open(cls, wire: HttpWire) -> Self:
        """Open the stream and wait for its `endpoint` event.

        Raises:
            UpstreamBroken: it is no such stream, or names an endpoint on another origin.
        """
        with named_errors(wire.namespace):
            headers = header_block({"Accept": "text/event-stream"}) + wire.credential
            response = await wire.client.request("GET", headers)
            if response.status != 200:
                async with response:
                    raise UpstreamHttpError(wire.namespace, response.status)
            incoming = events(response.chunks(sys.maxsize), wire.limit)
            first = await anext(incoming, None)
        if first is None or first.type != "endpoint":
            await response.__aexit__()
            raise UpstreamBroken(wire.namespace, "sent no endpoint on its event stream. Check its url and transport.")
        there = urlsplit(urljoin(wire.client.origin + wire.client.target, first.data.decode("utf-8", "replace")))
        if f"{there.scheme}://{there.netloc}" != wire.client.origin:
            await response.__aexit__()
            raise UpstreamBroken(
                wire.namespace, "names an endpoint on another origin, where our credential must not go."
            )
        return cls(wire, response, incoming, there.path + (f"?{there.query}" if there.query else ""))

    async def send(self, message: bytes) -> None:
        try:
            async with self._wire.post(message, {}, target=self._endpoint):
                pass
        except UpstreamHttpError as error:
            if error.status == 404:
                raise SessionLost from error
            raise

    async def receive(self) -> AsyncIterator[bytes]:
        with named_errors(self._wire.namespace):
            async for event in self._incoming:
                if event.type == "message":
                    yield event.data

    def last_words(self) -> str:
        return " (its event stream ended)"

    async def close(self) -> None:
        """Drop the stream: that is all a 2024-11-05 server learns of the end."""
        await self._response.__aexit__()
