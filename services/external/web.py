"""One exchange with a site: through the guard, redirects included, within a deadline, with a bounded body."""

import asyncio
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from fastmcp.exceptions import ToolError

from services.external.body import Body, OnProgress, read_body
from services.external.cache import CALLER, CachingTransport
from services.external.guard import Policy, Refused, checked_url
from services.external.hosts import LimitedTransport
from services.external.kept import KeptAnswers
from services.external.network import GuardedTransport, Network
from services.external.retries import UNTIL, RetryingTransport
from services.external.settings import OWN_HEADERS, PLAIN_HEADERS, Settings

MAX_REDIRECTS = 5
# What goes to another host after a redirect: what cannot hold a credential, and what describes the request itself.
_FOR_ANY_HOST = PLAIN_HEADERS | OWN_HEADERS
_FAILURES: tuple[tuple[type[httpx.HTTPError], str], ...] = (
    (httpx.TimeoutException, "The site could not be connected to in time. Try again later."),
    (
        httpx.ConnectError,
        "The site could not be connected to: it is down, refuses connections, or its certificate is not trusted. "
        "Check the host, the port and whether it should be http or https.",
    ),
    (httpx.NetworkError, "The connection broke before the whole answer came. Try again later."),
    (httpx.RemoteProtocolError, "The site's answer is not valid HTTP. Check the port, and http against https."),
    (httpx.HTTPError, "The request could not be made. Check the URL and the parameters."),
)


@dataclass(frozen=True)
class Received:
    """The last answer of an exchange; `response` is closed."""

    response: httpx.Response
    body: Body


class Web:
    """Exchanges over one pooled client, made at first use and shared by all callers.

    The client keeps no cookies: what one caller is sent must not be sent on for another.
    """

    def __init__(self, settings: Settings, network: Network) -> None:
        self._settings = settings
        self._network = network
        self._policy = Policy(settings.allowed_hosts, settings.allowed_ports, settings.allow_private_hosts)
        self._client: httpx.AsyncClient | None = None

    def check(self, url: str) -> None:
        """Raise Refused for a URL that may not be fetched."""
        checked_url(url, self._policy)

    def request(self, method: str, url: str, *, caller: str | None = None, **parts: Any) -> httpx.Request:
        """A request for `exchange`, of the parts that httpx knows. One with a `caller` may be answered from the cache.

        Raises Refused for a URL that may not be fetched.
        """
        target = checked_url(url, self._policy)
        if params := parts.pop("params", None):  # else the query stays as it is, to the letter: it may be signed
            target = target.copy_merge_params(params)
        return self._opened().build_request(method, target, extensions={CALLER: caller}, **parts)

    async def exchange(
        self, request: httpx.Request, seconds: float | None = None, on_progress: OnProgress | None = None
    ) -> Received:
        """The site's answer, within `seconds` if that is less than the setting.

        Raises ToolError (Refused among them) saying what failed and what to do; never with the URL in it.
        """
        limit = min(seconds or self._settings.timeout, self._settings.timeout)
        try:
            async with asyncio.timeout(limit) as deadline:
                request.extensions[UNTIL] = deadline.when()
                response = await self._follow(request)
                try:
                    body = await read_body(response, self._settings.max_bytes, on_progress)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise ToolError(
                f"The site did not give its whole answer within {limit:g} s. Try again later, or ask for less."
            ) from error
        except httpx.HTTPError as error:
            raise ToolError(_reason(error)) from error
        return Received(response, body)

    async def close(self) -> None:
        """Close the client; the next exchange opens another."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport(),
                headers={"user-agent": self._settings.user_agent, "accept": "*/*", "accept-encoding": "gzip"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                timeout=httpx.Timeout(None, connect=5.0),
                trust_env=False,
            )
        return self._client

    def _transport(self) -> httpx.AsyncBaseTransport:
        """Every request's way out, the last part first."""
        settings = self._settings
        guarded = GuardedTransport(self._policy, self._network)
        limited = LimitedTransport(guarded, settings.per_host, settings.per_host_rate)
        retrying = RetryingTransport(limited, settings.retries)
        if not settings.cache_bytes:
            return retrying
        return CachingTransport(retrying, KeptAnswers(settings.cache_bytes, settings.max_bytes))

    async def _follow(self, request: httpx.Request) -> httpx.Response:
        for redirects in range(MAX_REDIRECTS + 1):
            try:
                checked_url(str(request.url), self._policy)
                response = await self._opened().send(request, stream=True)
            except Refused as error:
                if redirects == 0:
                    raise
                raise Refused(f"The site redirects to where it may not be followed. {error}") from error
            except httpx.InvalidURL as error:
                raise Refused("The site redirects to what is no URL. Fetch another page of it.") from error
            if response.next_request is None:
                return response
            await response.aclose()
            request = _moved(request, response.next_request)
        raise ToolError(f"The site redirects more than {MAX_REDIRECTS} times. Fetch the page that it leads to instead.")


def _moved(request: httpx.Request, following: httpx.Request) -> httpx.Request:
    """The request that follows a redirect, without what was meant for the first host only."""
    if _origin(following.url) != _origin(request.url):
        for name in set(following.headers) - _FOR_ANY_HOST:
            del following.headers[name]
    return following


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _reason(error: httpx.HTTPError) -> str:
    return next(text for kind, text in _FAILURES if isinstance(error, kind))
