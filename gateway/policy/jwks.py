"""Fetching an issuer's public keys.

Where they are is the operator's to say, never a caller's, so private addresses are allowed: many an issuer lives on
one. What comes back decides who may call, so it is fetched over TLS, or from this machine (which is what development
and tests need); without following redirects; and with a bound on time and size.
"""

import asyncio
import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2

DEADLINE = 10.0
LARGEST_BODY = 256 * 1024


class JwksUnavailable(ValueError):
    """The keys could not be fetched; a ValueError, because that is what FastMCP's verifier refuses a token on."""


def is_trustworthy(url: str) -> bool:
    """Whether nobody in between can change what `url` answers: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine, by name or by number."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def fetch_jwks(url: str) -> Any:
    """The decoded JSON at `url`.

    Raises:
        JwksUnavailable: no good answer within the deadline and the limit.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            body = await _get(url)
    except TimeoutError as error:
        raise JwksUnavailable(f"no whole answer within {DEADLINE:g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise JwksUnavailable(f"{type(error).__name__}: {error}") from error
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise JwksUnavailable("the answer is not JSON") from error


async def _get(url: str) -> bytes:
    # A proxy named in the environment is for reaching other machines, not this one.
    async with (
        httpx2.AsyncClient(timeout=DEADLINE, follow_redirects=False, trust_env=not is_loopback(url)) as client,
        client.stream("GET", url, headers={"Accept": "application/json"}) as response,
    ):
        if response.status_code != 200:
            raise JwksUnavailable(f"it answered {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise JwksUnavailable(f"the answer is larger than {LARGEST_BODY} bytes")
        return bytes(body)
