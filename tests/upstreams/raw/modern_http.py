"""Revision 2026-07-28 over Streamable HTTP: one POST, one answer or one stream."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.upstreams.raw import modern
from tests.upstreams.raw.asgi import (
    STREAM_HEADERS,
    Request,
    pour,
    reply,
    reply_json,
    start,
    stopped,
    unless_gone,
)
from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.caller import ModernCaller
from tests.upstreams.raw.connections import Connections
from tests.upstreams.raw.faults import altered
from tests.upstreams.raw.headers import check_headers, check_param_headers
from tests.upstreams.raw.streams import Stream
from tests.upstreams.raw.wire import PARSE_ERROR, STATUS, Json, RpcError, params_of
from tests.upstreams.record import Send


@dataclass(frozen=True)
class ModernHttp:
    """Serves modern requests at the endpoint; stateless, so it holds nothing of its own."""

    behaviour: Behaviour
    connections: Connections

    async def __call__(self, request: Request, send: Send) -> None:
        if request.method != "POST":
            await reply(send, 405, headers=[("allow", "POST")])
        elif not request.accepts("application/json", "text/event-stream"):
            await reply(send, 406)
        elif request.headers.get("content-type", "").partition(";")[0] != "application/json":
            await reply(send, 415)
        else:
            await self._post(request, send)

    async def _post(self, request: Request, send: Send) -> None:
        message = None
        try:
            message = json.loads(request.body)
            if isinstance(message, dict) and "id" not in message and "method" in message:
                await reply(send, 202)
                return
            self._check(request, message)
        except ValueError:
            await self._refuse(send, None, RpcError(PARSE_ERROR, "Parse error"))
        except RpcError as refusal:
            await self._refuse(send, message, refusal)
        else:
            await self._serve(request, message, send)

    def _check(self, request: Request, message: Any) -> None:
        """In the order in which a client wants to know: shape, headers, version, method, parameters in headers."""
        modern.check_request(message)
        check_headers(message, request.headers)
        modern.check_version(self.behaviour, message)
        modern.check_method(self.behaviour, message)
        if message["method"] == "tools/call":
            params = params_of(message)
            schemas = (
                tool.get("inputSchema")
                for tool in self.behaviour.tools()
                if isinstance(tool, dict) and tool.get("name") == params.get("name")
            )
            check_param_headers(next(schemas, {}), params.get("arguments") or {}, request.headers)

    async def _refuse(self, send: Send, message: Any, refusal: RpcError) -> None:
        request_id = message.get("id") if isinstance(message, dict) else None
        await reply_json(send, STATUS[refusal.code], refusal.answer(request_id))

    async def _serve(self, request: Request, message: Json, send: Send) -> None:
        if message["method"] == "subscriptions/listen":
            await self._listen(request, message, send)
        elif self.behaviour.settings.answer == "sse":
            await unless_gone(request, self._stream(request, message, send))
        else:
            await unless_gone(request, self._answer(request, message, send))

    async def _answer(self, request: Request, message: Json, send: Send) -> None:
        """One JSON object; notifications on the way have no place to go."""
        final = await self._final(request, message, Stream())
        code = final.get("error", {}).get("code", 0)
        await reply_json(send, STATUS.get(code, 200), final)

    async def _stream(self, request: Request, message: Json, send: Send) -> None:
        stream = Stream()
        await start(send, 200, STREAM_HEADERS)
        working = asyncio.create_task(self._work(request, message, stream))
        try:
            await pour(stream, send, self._closing(request))
        finally:
            await stopped(working, "stream")

    async def _work(self, request: Request, message: Json, stream: Stream) -> None:
        try:
            stream.put(await self._final(request, message, stream))
        finally:
            stream.end()

    async def _final(self, request: Request, message: Json, stream: Stream) -> Json:
        caller = ModernCaller(params_of(message), request.headers, stream.put)
        final = await modern.answered(self.behaviour, message, caller)
        return altered(final, request.fault, self.behaviour.switch.control)

    async def _listen(self, request: Request, message: Json, send: Send) -> None:
        stream = Stream()
        try:
            subscription = modern.Subscription(self.behaviour, message, stream)
        except RpcError as refusal:
            await self._refuse(send, message, refusal)
            return
        await start(send, 200, STREAM_HEADERS)
        try:
            await unless_gone(request, self._follow(request, stream, send))
        finally:
            subscription.close()

    async def _follow(self, request: Request, stream: Stream, send: Send) -> None:
        with self.behaviour.record.running("subscriptions/listen", ""):
            await pour(stream, send, self._closing(request))

    def _closing(self, request: Request) -> Callable[[], None]:
        return partial(self.connections.close, request.connection)
