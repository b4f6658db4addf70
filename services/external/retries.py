"""Tries again what is safe to send twice, when the site says that it is not ready or the connection breaks."""

import asyncio
import time
from email.utils import parsedate_to_datetime

import httpx
import stamina
from stamina.instrumentation import LoggingOnRetryHook, set_on_retry_hooks

from services.external.settings import IDEMPOTENT

UNTIL = "until"
"""The extension of a request that has its deadline, in the loop's time."""
NOT_READY = frozenset({429, 502, 503, 504})
FIRST_WAIT = 0.2
LONGEST_WAIT = 2.0
"""Seconds between tries where the site does not say how many; the first one, and at most."""

# By default it logs through structlog, which unless somebody sets it up prints to stdout: MCP's own, over stdio.
set_on_retry_hooks((LoggingOnRetryHook,))


class _NotReady(Exception):
    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response = response


class RetryingTransport(httpx.AsyncBaseTransport):
    """Sends a request with an idempotent method up to `retries` times more; never past the request's deadline.

    `Retry-After` is obeyed: where it leads past the deadline, the answer that says so is the answer.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, retries: int) -> None:
        self._inner = inner
        self._retries = retries

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._retries or request.method not in IDEMPOTENT:
            return await self._inner.handle_async_request(request)
        try:
            return await self._send(request)
        except _NotReady as last:
            return last.response

    async def _send(self, request: httpx.Request) -> httpx.Response:
        until = request.extensions[UNTIL]
        unread: httpx.Response | None = None
        try:
            async for attempt in stamina.retry_context(
                on=lambda error: _wait(error, until - asyncio.get_running_loop().time()),
                attempts=self._retries + 1,
                timeout=None,
                wait_initial=FIRST_WAIT,
                wait_max=LONGEST_WAIT,
                wait_jitter=FIRST_WAIT,
            ):
                with attempt:
                    if unread is not None:
                        await unread.aclose()
                    response = await self._inner.handle_async_request(request)
                    if response.status_code not in NOT_READY:
                        return response
                    unread = response
                    raise _NotReady(response)
        except _NotReady:
            raise  # the last answer is the answer
        except BaseException:  # a cancellation while it waits, too: else the answer would keep its place
            if unread is not None:
                await unread.aclose()
            raise
        raise AssertionError("stamina gives at least one attempt")

    async def aclose(self) -> None:
        await self._inner.aclose()


def _wait(error: BaseException, left: float) -> bool | float:
    """Whether to try again, or after how many seconds, with `left` seconds to the deadline."""
    if isinstance(error, _NotReady):
        asked = retry_after(error.response.headers.get("retry-after"))
        if asked is not None:
            return asked if asked < left else False
    elif not isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return False
    return left > LONGEST_WAIT


def retry_after(value: str | None) -> float | None:
    """The seconds that a Retry-After asks for (RFC 9110, 10.2.3), none below 0; None where it is not one."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except ValueError:
        return None
