"""What an operator may set of the external service."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

Endpoint = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$")
]
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Limits and permissions of `fetch`; the defaults allow any public host on the usual ports."""

    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts that may be fetched, as globs such as '*.example.com'. Empty: every public host.",
    )
    allowed_ports: tuple[Port, ...] = Field(default=(80, 443), description="Ports that may be connected to.")
    allow_private_hosts: tuple[Endpoint, ...] = Field(
        default=(),
        description="Exact 'host:port' entries that are opened whatever their address, port or allowed_hosts. "
        "An IPv6 address stands in brackets.",
    )
    max_bytes: int = Field(
        default=1024 * 1024, gt=0, description="Bytes kept of an answer's body, counted after decompression."
    )
    timeout: float = Field(
        default=15.0, gt=0, description="Seconds that one call may take in all, redirects and body included."
    )
    user_agent: str = Field(
        default="one-url-gateway",
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description="The User-Agent header sent to every host.",
    )
