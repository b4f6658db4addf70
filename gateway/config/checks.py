"""Checks of single values that types cannot express. A message never repeats the value."""

import re
from urllib.parse import urlsplit

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
BEARER = re.compile(r"[\x21-\x7e]*")

OWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "last-event-id",
        "mcp-method",
        "mcp-name",
        "mcp-protocol-version",
        "mcp-session-id",
        "transfer-encoding",
    }
)
"""Headers that the gateway writes itself on every request: twice, they would contradict each other."""


def is_own_header(name: str) -> bool:
    """Whether the gateway writes this header itself (2026-07-28, `basic/transports/streamable-http`)."""
    return name.lower() in OWN_HEADERS or name.lower().startswith("mcp-param-")


def http_url(url: str) -> str:
    """An absolute HTTP URL that a socket can be opened for; an empty one is judged with its upstream."""
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    if any(character <= " " or character == "\x7f" for character in url):
        raise ValueError("holds a space or a control character")
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    if url and not has_host:
        raise ValueError("names no host, or a port that is none")
    return url


def redis_url(url: str) -> str:
    """The address of a Valkey or Redis. Its client would take any option from a query, deadlines included."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError("must be redis://HOST:PORT, or rediss:// for TLS")
    if parts.query or parts.fragment:
        raise ValueError("must end after the host and port: nothing with '?' or '#'")
    return url


def header_name(name: str) -> str:
    """A field name of RFC 9110, section 5.1, that is not the gateway's own."""
    if HEADER_NAME.fullmatch(name) is None:
        raise ValueError("is not a header name")
    if is_own_header(name):
        raise ValueError("is a header that the gateway writes itself: leave it out")
    return name


def header_value(value: str) -> str:
    """A field value of RFC 9110, section 5.5: nothing that could begin another header."""
    if HEADER_VALUE.fullmatch(value) is None:
        raise ValueError("holds a line break or another character that a header cannot carry")
    return value


def bearer(token: str) -> str:
    """A token of RFC 6750, section 2.1: one word."""
    if BEARER.fullmatch(token) is None:
        raise ValueError("must be the bare token: one word, without 'Bearer' before it")
    return token


def state_key(key: str) -> str:
    """A secret as long as the SDK asks for (`mcp.server.request_state`)."""
    if len(key) < 32:
        raise ValueError("must have at least 32 random characters: openssl rand -hex 32")
    return key


def command(program: str) -> str:
    """One program. A space in its first word shows a whole command line; in a path it is part of the path."""
    if "\0" in program:
        raise ValueError("holds a NUL character")
    if program and not program.strip():
        raise ValueError("is empty")
    first, space, _ = program.strip().partition(" ")
    if space and "/" not in first and "\\" not in first:
        raise ValueError("holds a whole command line: put the program in command and every further word in args")
    return program


def argument(text: str) -> str:
    """What a program can be given."""
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def variable_name(name: str) -> str:
    """What an environment can hold as a name."""
    if not name or "=" in name or "\0" in name:
        raise ValueError("is not a name for a variable")
    return name
