"""What an operator may set of the external service."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # RFC 9110, 9.2.2
# None of these can carry a credential.
PLAIN_HEADERS = frozenset({"accept", "accept-language", "if-modified-since", "if-none-match", "range"})
# These are made of the request itself; a caller who could set them could smuggle a second one.
OWN_HEADERS = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive"),
        *("te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
    }
)


def _settable(name: str) -> str:
    if name in OWN_HEADERS or name.startswith("proxy-"):
        raise ValueError("this header is written by the service itself and cannot be given to callers")
    return name


def _plain(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and text.strip() == text != ""):
        raise ValueError("must be plain ASCII text, not empty and without line breaks or spaces around it")
    return value


Endpoint = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$")
]
Port = Annotated[int, Field(ge=1, le=65535)]
HeaderName = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[0-9A-Za-z!#$%&'*+.^_`|~-]{1,100}$"), AfterValidator(_settable)
]

ApiName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
HeaderValue = Annotated[SecretStr, AfterValidator(_plain)]


class ApiSettings(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """One API, by its OpenAPI document; each chosen operation becomes a tool."""

    document: Path = Field(
        description="File of its OpenAPI document (3.0 or 3.1, JSON or YAML), relative to the working directory."
    )
    base_url: str = Field(default="", description="Where the API is; by default the first of the document's servers.")
    tags: tuple[str, ...] = Field(default=(), description="Take operations with one of these tags. Empty: any.")
    operations: tuple[str, ...] = Field(
        default=(),
        description="Take operations that match one of these globs, by id or as 'GET /path'. Empty: all.",
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default={}, description="Headers to send with each request, such as a credential."
    )
    query: dict[str, SecretStr] = Field(
        default={}, description="Query parameters to send with each request, such as a key."
    )


class Settings(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Limits and permissions of the service; the defaults allow reading from any public host on the usual ports."""

    methods: tuple[Method, ...] = Field(
        default=("GET", "HEAD"), min_length=1, description="HTTP methods that callers may use."
    )
    allowed_headers: tuple[HeaderName, ...] = Field(
        default=tuple(sorted(PLAIN_HEADERS)), description="Request headers that callers may send."
    )
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
    per_host: int = Field(default=8, ge=1, description="Requests to one host that run at once; further ones wait.")
    per_host_rate: float = Field(default=20.0, gt=0, description="Requests to one host in a second; further ones wait.")
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Times that a request with an idempotent method is sent again when the site is not ready.",
    )
    cache_bytes: int = Field(
        default=32 * 1024 * 1024, ge=0, description="Memory for answers that their sites allow to keep; 0 keeps none."
    )
    max_bytes: int = Field(
        default=1024 * 1024, gt=0, description="Bytes kept of an answer's body, counted after decompression."
    )
    timeout: float = Field(
        default=15.0, gt=0, description="Seconds that one call may take in all, redirects and body included."
    )
    apis: dict[ApiName, ApiSettings] = Field(
        default={}, description="APIs to offer by their OpenAPI documents, each under a name of your own."
    )
    user_agent: str = Field(
        default="one-url-gateway",
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description="The User-Agent header sent to every host.",
    )
