"""Decides which URLs and addresses a caller may make this machine connect to (server-side request forgery).

Two checks, because either alone has holes: `checked_url` reads the URL as written, before anything is
resolved, and `is_public` judges each address that a name resolved to. `network.py` puts the second one
on every socket.
"""

import ipaddress
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpx
from fastmcp.exceptions import ToolError
from fastmcp.server.auth.ssrf import is_ip_allowed

# Only plain ASCII hosts pass: userinfo, zone ids, percent escapes, backslashes and non-ASCII dots or digits
# are where URL parsers disagree, and where two parsers disagree a guard can be walked around.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?#].*)?",
    re.IGNORECASE | re.ASCII,
)
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAX_NAME = 253  # RFC 1035, without the final dot
_DEFAULT_PORTS = {"http": 80, "https": 443}

# IANA's one block of global unicast addresses: site-local, discard, mapped and segment-routing ranges lie outside.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# RFC 6052: networks with IPv6 only reach IPv4 hosts through this prefix, so its last 32 bits are judged instead.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Public by the standard library's tables (those of Python 3.11 at least), yet never a public API's address.
_BLOCKED = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # RFC 6890 protocol assignments; 192.0.0.192 is a cloud's metadata
    ipaddress.IPv4Network("192.88.99.0/24"),  # RFC 7526, 6to4 relays
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's host agent
    ipaddress.IPv6Network("2002::/16"),  # RFC 7526, 6to4: carries any IPv4 address
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637, documentation
)


class Refused(ToolError):
    """The guard lets no connection be made; the text says why and what to do."""


@dataclass(frozen=True)
class Policy:
    """What the operator allows: globs of hosts (none: all public ones), ports, and 'host:port' entries opened whole."""

    allowed_hosts: tuple[str, ...] = ()
    allowed_ports: tuple[int, ...] = (80, 443)
    allow_private_hosts: tuple[str, ...] = ()

    def opens(self, host: str, port: int) -> bool:
        """Whether the operator opened exactly this endpoint; an IPv6 host comes with or without its brackets."""
        written = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{written.lower()}:{port}" in self.allow_private_hosts


def checked_url(text: str, policy: Policy) -> httpx.URL:
    """The URL, parsed, if its written form may be fetched. No name is resolved here.

    Raises Refused for a scheme other than http and https, credentials in the URL, a host that is not a plain
    name or address, and for hosts, ports and addresses that the policy does not allow.
    """
    url, host, port = _parsed(text)
    if policy.opens(host, port):
        return url
    if port not in policy.allowed_ports:
        ports = ", ".join(map(str, policy.allowed_ports))
        raise Refused(f"The URL's port is not allowed. Use one of {ports}, or ask the operator to allow it.")
    if policy.allowed_hosts and not any(fnmatchcase(host, glob.lower()) for glob in policy.allowed_hosts):
        raise Refused("The URL's host is not in the list of allowed hosts. Ask the operator to add it.")
    if (address := _literal(host)) is not None:
        require_public([address])
    elif len(host) > _MAX_NAME or not _NAME.fullmatch(host):
        raise Refused(
            "The URL's host is not a plain host name or address. Write names in ASCII (international ones as "
            "'xn--…') without a final dot, and addresses as four decimal numbers or as IPv6 in brackets."
        )
    return url


def require_public(addresses: list[str]) -> None:
    """Raise Refused unless every one of the addresses is public."""
    if not all(map(is_public, addresses)):
        raise Refused(
            "The URL's host is not on the public internet. Use a public host, or ask the operator to open this "
            "one by its host:port in allow_private_hosts."
        )


def is_public(address: str) -> bool:
    """Whether the address is public unicast, and so is any IPv4 address that it carries inside."""
    if not is_ip_allowed(address):
        return False
    ip = ipaddress.ip_address(address)
    if any(ip in network for network in _BLOCKED if network.version == ip.version):
        return False
    if ip.version == 4 or ip in _GLOBAL_IPV6:
        return True
    return ip in _NAT64 and is_public(str(ipaddress.IPv4Address(ip.packed[12:])))


def _parsed(text: str) -> tuple[httpx.URL, str, int]:
    match = _URL.fullmatch(text)
    if match is None:
        raise Refused(
            "The URL is not one that may be fetched. Write it as http:// or https://, a plain host, at most a port "
            "and a path; no credentials, spaces or backslashes in front of the path."
        )
    host = match["host"].lower()
    port = int(match["port"] or _DEFAULT_PORTS[match["scheme"].lower()])
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise Refused("The URL cannot be read. Percent-encode what is special in its path and query.") from error
    # httpx makes the connection, so its reading must be the one that was checked.
    if (url.raw_host.decode("ascii"), url.port or _DEFAULT_PORTS[url.scheme]) != (host.strip("[]"), port):
        raise Refused("The URL can be read in two ways. Write its host and port plainly.")
    return url, host, port


def _literal(host: str) -> str | None:
    try:
        ip = ipaddress.IPv6Address(host[1:-1]) if host.startswith("[") else ipaddress.IPv4Address(host)
    except ValueError:
        return None
    return str(ip)
