"""Fetches one URL for a caller: through the guard, redirects included, within one deadline."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated, Any, Literal

import httpx
from fastmcp.exceptions import ToolError
from pydantic import Field

from services.external.body import read_body
from services.external.guard import Policy, Refused, checked_url
from services.external.network import GuardedTransport, Network
from services.external.settings import Settings

Method = Literal["GET", "HEAD"]
Param = str | int | float | bool

MAX_REDIRECTS = 5
MAX_HEADER = 1_000
# None of these can carry a credential.
REQUEST_HEADERS = frozenset({"accept", "accept-language", "if-modified-since", "if-none-match", "range"})
RESPONSE_HEADERS = re.compile(
    r"age|allow|cache-control|content-(?:disposition|language|length|range)|date|etag|expires|last-modified|link"
    r"|location|retry-after|vary|x-ratelimit-(?:limit|remaining|reset)"
)
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
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
class FetchResult:
    """An answer from a site, whatever its status."""

    status: Annotated[int, Field(description="The HTTP status of the last answer.")]
    url: Annotated[str, Field(description="The URL that answered, after any redirects.")]
    content_type: Annotated[str | None, Field(description="The answer's Content-Type, if it had one.")]
    headers: Annotated[dict[str, str], Field(description="Selected headers of the answer, names in lower case.")]
    json: Annotated[Any, Field(description="The body parsed, when it is a whole JSON document; else null.")] = None
    text: Annotated[
        str | None, Field(description="The body as text, when it is text; null for JSON, binary and empty bodies.")
    ] = None
    truncated: Annotated[bool, Field(description="Whether the body was longer than the limit and was cut.")] = False


class Fetcher:
    """Fetches URLs over one pooled client, made at first use and shared by all callers.

    The client keeps no cookies: what one caller is sent must not be sent on for another.
    """

    def __init__(self, settings: Settings, network: Network) -> None:
        self._settings = settings
        self._network = network
        self._policy = Policy(settings.allowed_hosts, settings.allowed_ports, settings.allow_private_hosts)
        self._client: httpx.AsyncClient | None = None

    async def fetch(
        self,
        url: str,
        method: Method = "GET",
        params: Mapping[str, Param | Sequence[Param]] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> FetchResult:
        """The site's answer, within `seconds` if that is less than the setting.

        Raises ToolError (Refused among them) saying what failed and what to do; never with the URL in it.
        """
        limit = min(seconds or self._settings.timeout, self._settings.timeout)
        target = checked_url(url, self._policy).copy_merge_params(params or {})
        request = self._opened().build_request(method, target, headers=_checked_headers(headers or {}))
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(request)
        except TimeoutError as error:
            raise ToolError(
                f"The site did not give its whole answer within {limit:g} s. Try again later, or ask for less."
            ) from error
        except httpx.HTTPError as error:
            raise ToolError(_reason(error)) from error

    async def close(self) -> None:
        """Close the client; the next fetch opens another."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=GuardedTransport(self._policy, self._network),
                headers={"user-agent": self._settings.user_agent, "accept": "*/*", "accept-encoding": "gzip"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                timeout=httpx.Timeout(None, connect=5.0),
                trust_env=False,
            )
        return self._client

    async def _exchange(self, request: httpx.Request) -> FetchResult:
        response = await self._follow(request)
        try:
            body = await read_body(response, self._settings.max_bytes)
        finally:
            await response.aclose()
        return FetchResult(
            status=response.status_code,
            url=str(response.url),
            content_type=response.headers.get("content-type"),
            headers={name: value for name, value in response.headers.items() if RESPONSE_HEADERS.fullmatch(name)},
            json=body.json,
            text=body.text,
            truncated=body.truncated,
        )

    async def _follow(self, request: httpx.Request) -> httpx.Response:
        for redirects in range(MAX_REDIRECTS + 1):
            try:
                checked_url(str(request.url), self._policy)
                response = await self._opened().send(request, stream=True)
            except Refused as error:
                if redirects == 0:
                    raise
                raise Refused(f"The site redirects to where it may not be followed. {error}") from error
            if response.next_request is None:
                return response
            await response.aclose()
            request = response.next_request
        raise ToolError(f"The site redirects more than {MAX_REDIRECTS} times. Fetch the page that it leads to instead.")


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    if any(name.lower() not in REQUEST_HEADERS for name in headers):
        raise ToolError(f"A header is not one that may be sent. Allowed are {', '.join(sorted(REQUEST_HEADERS))}.")
    if any(len(value) > MAX_HEADER or not _HEADER_VALUE.fullmatch(value) for value in headers.values()):
        raise ToolError(f"A header's value must be plain ASCII text of at most {MAX_HEADER} characters.")
    return {name.lower(): value for name, value in headers.items()}


def _reason(error: httpx.HTTPError) -> str:
    return next(text for kind, text in _FAILURES if isinstance(error, kind))
