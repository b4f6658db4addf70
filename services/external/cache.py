"""The HTTP cache (RFC 9111): what a caller fetched answers the caller again, for as long as its site allows."""

import httpx
from fastmcp.server.dependencies import get_access_token
from hishel import CacheOptions
from hishel.httpx import AsyncCacheTransport

from services.external.kept import KeptAnswers, key_for
from services.external.settings import OWN_HEADERS

CALLER = "caller"
"""The extension of a request that names its caller; without one the cache is not for it."""
CACHED_HEADERS = OWN_HEADERS | {"accept", "accept-language"}
"""A request that has any other header may hold a credential, or asks for a part or a comparison of its own."""
# The cache of one caller may hold what is private to him.
_OPTIONS = CacheOptions(shared=False)


class CachingTransport(httpx.AsyncBaseTransport):
    """hishel's cache in front of `inner`, for requests that name their caller and hold no credential."""

    def __init__(self, inner: httpx.AsyncBaseTransport, kept: KeptAnswers) -> None:
        self._inner = inner
        self._cache = AsyncCacheTransport(inner, kept, rfc=_OPTIONS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        caller = request.extensions.get(CALLER)
        if caller is None or not set(request.headers) <= CACHED_HEADERS:
            return await self._inner.handle_async_request(request)
        key = key_for(caller, str(request.url))
        request.extensions = {**request.extensions, "caching": {"key": key}}
        return await self._cache.handle_async_request(request)

    async def aclose(self) -> None:
        await self._cache.aclose()


def caller() -> str:
    """Who calls, as far as authentication says; without any, all callers are one."""
    token = get_access_token()
    return "" if token is None else f"{token.client_id} {token.subject or ''}"


def is_cached(response: httpx.Response) -> bool:
    """Whether the body came out of the cache, freshly compared with the site's or not."""
    return bool(response.extensions.get("caching", {}).get("from_cache"))
