"""What a configuration may say, as one frozen model. `load.py` fills it; everything above only reads it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, InstanceOf, SecretStr, model_validator
from pydantic.json_schema import SkipJsonSchema

from gateway.config import checks
from gateway.config.renewable import Renewable
from gateway.model.chaos import Chaos

SessionSharing = Literal["shared", "per_user", "per_session", "per_call"]
DEFAULT_SERVICES = ("data", "external", "database")


def _inside(check: Callable[[str], str]) -> AfterValidator:
    """A check of the text that a secret wraps."""

    def apply(secret: SecretStr) -> SecretStr:
        check(secret.get_secret_value())
        return secret

    return AfterValidator(apply)


Url = Annotated[str, AfterValidator(checks.http_url)]
Command = Annotated[str, AfterValidator(checks.command)]
Argument = Annotated[str, AfterValidator(checks.argument)]
HeaderName = Annotated[str, AfterValidator(checks.header_name)]
HeaderValue = Annotated[SecretStr, _inside(checks.header_value)]
VariableName = Annotated[str, AfterValidator(checks.variable_name)]
VariableValue = Annotated[SecretStr, _inside(checks.argument)]


class Section(BaseModel):
    """A table of `gateway.toml`: unknown keys are errors, values never change once read."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class ServerConfig(Section):
    """Where the gateway listens and how it stops."""

    name: str = "gateway"
    """Name that clients see as `serverInfo.name`."""
    instructions: str = ""
    """Text for the client's model, put before the upstreams' own instructions."""
    host: str = "127.0.0.1"
    """Address to bind. Anything but loopback needs authentication."""
    port: int = Field(8000, ge=0, le=65535)
    """TCP port; 0 takes a free one."""
    path: str = Field("/mcp", pattern=r"^/[A-Za-z0-9_/-]*$")
    """Path of the MCP endpoint."""
    public_url: str | None = Field(None, pattern=r"^https?://[^\s/]+$")
    """Origin under which clients reach the gateway (`https://mcp.example.com`); its host passes the host check."""
    allowed_hosts: tuple[str, ...] = ()
    """Further `Host` header values to accept, without port."""
    allowed_origins: tuple[str, ...] = ()
    """Browser origins to accept, such as `https://app.example.com`."""
    page_size: int = Field(2000, ge=1, le=100_000)
    """Entries on one page of a list: many clients read the first page only, and 2,000 usual tools stay under 1 MiB."""
    drain_delay: float = Field(0.0, ge=0, le=600)
    """Seconds for which it serves on after a stop was asked for, while `/readyz` says 503."""
    grace: float = Field(25.0, gt=0, le=600)
    """Seconds that running calls get to finish at a stop."""
    state_dir: Path = Path("var")
    """Folder for keys and last good listings; relative to the configuration file."""
    state_key: Annotated[SecretStr, _inside(checks.state_key)] | None = None
    """Seals what clients carry in mid-call; equal on all replicas. Without it, one kept in `state_dir`."""
    workers: int = Field(1, ge=1, le=100)
    """Processes that `gateway up` serves with."""
    express: bool = True
    """Answer plain calls by the express door. Off, every request takes the main door, at ten times the cost."""
    insecure_allow_unauthenticated: bool = False
    """Serve callers without any credential on addresses other than loopback."""


class JWTConfig(Section):
    """Tokens of one issuer. `aud`, `iss`, `exp` and `nbf` are always checked."""

    issuer: str = Field(min_length=1)
    """The `iss` a token must carry."""
    audience: str = Field(min_length=1)
    """The `aud` a token must carry: usually this gateway's public URL."""
    jwks_uri: str | None = Field(None, repr=False)
    """Where the issuer's keys are; or give `public_key`."""
    public_key: SecretStr | None = None
    """PEM of the issuer's public key, or the shared secret for an HS algorithm."""
    algorithm: str = "RS256"
    """Signature algorithm."""
    grant: tuple[str, ...] = ()
    """Scopes given to every holder of a valid token, beside those in the token."""

    @model_validator(mode="after")
    def _one_key_source(self) -> "JWTConfig":
        if (self.jwks_uri is None) == (self.public_key is None):
            raise ValueError("give exactly one of jwks_uri and public_key")
        return self


class OAuthConfig(Section):
    """OAuth 2.1: where clients get their tokens, published as protected-resource metadata (RFC 9728)."""

    authorization_servers: tuple[str, ...] = Field(min_length=1)
    """Issuer URLs that clients may ask for a token."""
    token: JWTConfig
    """How the tokens they issue are verified."""
    scopes_supported: tuple[str, ...] = ()
    """Scopes to name in the metadata document."""


class AuthConfig(Section):
    """Who may call. Several proofs can be on at once; with none of them the gateway serves loopback only."""

    keys: bool = False
    """Accept the keys of `gateway keys`; on by itself as soon as one exists."""
    jwt: dict[str, JWTConfig] = {}
    """Issuers by a name of your own."""
    oauth: OAuthConfig | None = None
    """OAuth 2.1 in front of the gateway."""


class LogConfig(Section):
    """Logs go to stderr."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least important line to write."""
    format: Literal["auto", "json", "console"] = "auto"
    """`auto` is console on a terminal and JSON lines elsewhere."""


class AuditConfig(Section):
    """One line for each call, kept in files."""

    enabled: bool = False
    """Whether to write it."""
    folder: Path = Path("audit")
    """Folder of the files; relative to `server.state_dir`."""
    required: bool = False
    """Refuse a call that cannot be written down; each call is then written before it runs, too."""
    max_bytes: int = Field(64 * 1024 * 1024, ge=16 * 1024)
    """Bytes of one file, past which the next one begins."""
    keep: int = Field(16, ge=0)
    """Files to keep of each process that writes; past that the oldest is deleted. 0 keeps all."""

    @model_validator(mode="after")
    def _required_means_enabled(self) -> "AuditConfig":
        if self.required and not self.enabled:
            raise ValueError("required needs enabled = true")
        return self


class ReplicasConfig(Section):
    """Gateways that serve the same configuration, and tell each other when an upstream offers something else."""

    url: Annotated[SecretStr, _inside(checks.redis_url)] | None = None
    """A Valkey or Redis that all of them reach: `redis://:password@host:6379`, or `rediss://` for TLS."""
    channel: str = Field("gateway", pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")
    """Name of their channel there; give another to those that serve another configuration."""


class ServiceConfig(BaseModel):
    """One of our own FastMCP servers. Keys beyond these are the service's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True, use_attribute_docstrings=True)

    module: str = Field("", pattern=r"^([A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?)?$")
    """Dotted path of the module, or `module:object`; by default `services.<namespace>.server`."""
    enabled: bool = True
    """Whether to serve it."""

    @property
    def settings(self) -> dict[str, Any]:
        """The service's own keys, for its `Settings` model."""
        return dict(self.model_extra or {})

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Without the service's own settings, which may hold a password."""
        return [("module", self.module), ("enabled", self.enabled)]


class UpstreamAuth(Section):
    """The gateway's own credential for an upstream; a caller's never goes there."""

    bearer: Annotated[SecretStr, _inside(checks.bearer)] | None = None
    """Token to send as `Authorization: Bearer`."""


class UpstreamConfig(Section):
    """One other MCP server: `url`, or `command`, as in `mcp.json`."""

    url: Url | None = Field(None, repr=False)
    """HTTP endpoint: Streamable HTTP or SSE."""
    transport: Literal["http", "sse", "stdio"] | None = None
    """How to speak; found out by itself where it is not given."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Headers to send with every request."""
    auth: UpstreamAuth = UpstreamAuth()
    """The credential to show it."""
    command: Command | None = None
    """Program to start; it speaks MCP over stdin and stdout."""
    args: tuple[Argument, ...] = Field((), repr=False)
    """Words after the program's name."""
    env: dict[VariableName, VariableValue] = {}
    """Environment of the program, beside PATH, HOME and the like."""
    cwd: Path | None = None
    """Folder to start the program in; relative to the file that names it."""
    enabled: bool | Literal["when-configured"] = True
    """`when-configured` keeps it off while a variable that it names is unset."""
    off_because: SkipJsonSchema[str] = Field("", exclude=True)
    """Why it is off: filled in by the loader, never by hand."""
    in_files: SkipJsonSchema[dict[HeaderName, InstanceOf[Renewable]]] = Field({}, exclude=True, repr=False)
    """The headers whose values come out of files: filled in by the loader, never by hand."""
    chaos: SkipJsonSchema[InstanceOf[Chaos] | None] = Field(None, exclude=True)
    """Faults on purpose: given by `gateway chaos`, never by a file."""
    era: Literal["auto", "modern", "legacy"] = "auto"
    """Protocol generation; `auto` finds it out once and remembers it."""
    sessions: SessionSharing | None = None
    """Who may share a session with this upstream; by default the safest that works."""
    deadline: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds for one call, all told."""
    list_deadline: Annotated[float, Field(gt=0, le=60)] = 3.0
    """Seconds for asking what it offers; past that the last good listing stays."""
    connect_timeout: Annotated[float, Field(gt=0, le=300)] | None = None
    """Seconds to connect (5), or for a program to answer its first message (30: `npx` may have to fetch it)."""
    refresh: Annotated[float, Field(gt=0)] = 300.0
    """Seconds between two looks at what it offers."""
    idle: Annotated[float, Field(gt=0)] = 600.0
    """Seconds without a call after which a session is closed, and a program stopped; the next call starts it again."""
    max_body: Annotated[int, Field(gt=0)] = 8 * 1024 * 1024
    """Bytes of one answer."""
    max_memory: Annotated[int, Field(gt=0)] | None = None
    """Bytes of data that each process of the program may have; held on Linux only."""
    max_in_flight: Annotated[int, Field(gt=0)] | None = None
    """Calls at once; by default 256 over HTTP and 20 over stdio."""
    max_queue: Annotated[int, Field(ge=0)] | None = None
    """Calls that wait for one of those places; by default 1,000 over HTTP and 100 over stdio."""

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> "UpstreamConfig":
        if (self.url is None) == (self.command is None):
            raise ValueError("give exactly one of url and command")
        if self.is_on and not (self.url or self.command):
            raise ValueError("url is empty" if self.command is None else "command is empty")
        if self.command is not None and self.transport not in (None, "stdio"):
            raise ValueError("a command is spoken to over stdio: leave transport out")
        if self.url is not None and self.transport == "stdio":
            raise ValueError("stdio needs a command, not a url")
        return self

    @model_validator(mode="after")
    def _one_credential(self) -> "UpstreamConfig":
        names = [name.lower() for name in self.headers]
        if len(set(names)) < len(names):
            raise ValueError("headers names one header twice: upper and lower case are the same there")
        if self.auth.bearer is not None and "authorization" in names:
            raise ValueError("give auth.bearer or an Authorization header, not both")
        return self

    def is_but_for_files(self, other: "UpstreamConfig") -> bool:
        """Whether both say the same, though headers out of files may have another value by now."""
        return self._but_for_files() == other._but_for_files()

    def _but_for_files(self) -> tuple["UpstreamConfig", dict[str, str]]:
        headers = {name: value for name, value in self.headers.items() if name not in self.in_files}
        bearer = None if "Authorization" in self.in_files else self.auth.bearer
        auth = self.auth.model_copy(update={"bearer": bearer})
        said = self.model_copy(update={"headers": headers, "auth": auth, "in_files": {}})
        return said, {name: each.text for name, each in self.in_files.items()}

    @property
    def patience(self) -> float:
        """Seconds that connecting may take."""
        return self.connect_timeout or (5.0 if self.command is None else 30.0)

    @property
    def is_on(self) -> bool:
        """Whether the gateway connects to it."""
        return self.enabled is not False and not self.off_because


class GatewayConfig(Section):
    """A whole configuration."""

    include: tuple[str, ...] = ()
    """`mcp.json` files to take upstreams from, relative to this file."""
    server: ServerConfig = ServerConfig()
    """Where the gateway listens and how it stops."""
    auth: AuthConfig = AuthConfig()
    """Who may call."""
    log: LogConfig = LogConfig()
    """What is written to stderr."""
    audit: AuditConfig = AuditConfig()
    """What is kept of calls."""
    replicas: ReplicasConfig = ReplicasConfig()
    """How gateways that serve the same configuration reach each other."""
    services: dict[str, ServiceConfig] = {name: ServiceConfig() for name in DEFAULT_SERVICES}
    """Our own FastMCP servers by namespace; without this table the three that ship."""
    upstreams: dict[str, UpstreamConfig] = {}
    """Other MCP servers by namespace."""
