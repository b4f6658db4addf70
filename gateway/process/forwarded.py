"""What a proxy before the gateway says of its client, asked for only where a proxy says something."""

from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.doors.headers import headers_of

SAID: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})


class Forwarded:
    """An ASGI app behind uvicorn's own look at those headers, which goes through all headers of every request.

    Args:
        trusted: the addresses of proxies that are believed, as uvicorn has them.
    """

    def __init__(self, app: ASGIApp, trusted: list[str] | str):
        self._app = app
        self._believing = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), trusted))  # uvicorn's types are its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope) if scope["type"] == "http" else {}
        if headers is None or not SAID.isdisjoint(headers):
            await self._believing(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def asked_only_where_said(config: uvicorn.Config) -> uvicorn.Config:
    """`config`, whose app believes the same proxies."""
    if config.proxy_headers:
        config.proxy_headers = False
        config.app = Forwarded(cast(ASGIApp, config.app), config.forwarded_allow_ips)
    return config
