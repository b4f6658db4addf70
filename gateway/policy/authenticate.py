"""From a configuration to FastMCP's authentication: keys, issuers and OAuth, alone or together."""

from collections.abc import Iterator

from fastmcp.server.auth import AuthProvider, MultiAuth, RemoteAuthProvider, TokenVerifier
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from mcp.server.auth.routes import build_resource_metadata_url
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter, ValidationError

from gateway.config.model import GatewayConfig, JWTConfig, OAuthConfig
from gateway.errors import ConfigurationError, Fault
from gateway.policy.jwks import is_trustworthy
from gateway.policy.keys import KeyStore
from gateway.policy.verifiers import IssuerVerifier, KeyVerifier

FILE = "gateway.toml"
KEY_TYPES = {"HS": OctKey, "RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}

# Issuers are compared as text (RFC 8414, section 3.3), so none may gain a slash on its way into the metadata.
ISSUER_URL = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True))


def build_auth(config: GatewayConfig, keys: KeyStore) -> AuthProvider | None:
    """What checks the callers' credentials; None when no proof is configured and no key was ever made.

    Raises:
        ConfigurationError: a proof that cannot work as configured, or keys that cannot be read.
    """
    if faults := list(auth_faults(config)):
        raise ConfigurationError(faults)
    verifiers: dict[str, TokenVerifier] = {f"jwt.{n}": IssuerVerifier(c, "jwt") for n, c in config.auth.jwt.items()}
    if config.auth.keys or not keys.is_empty():
        verifiers["keys"] = KeyVerifier(keys)
    server = _remote(config, config.auth.oauth) if config.auth.oauth else None
    if server is None and len(verifiers) < 2:
        return next(iter(verifiers.values()), None)
    return MultiAuth(server=server, verifiers=verifiers) if verifiers else server


def auth_faults(config: GatewayConfig) -> Iterator[Fault]:
    """Everything wrong with `[auth]` that can be told without asking an issuer."""
    for name, issuer in config.auth.jwt.items():
        yield from _issuer_faults(f"auth.jwt.{name}", issuer)
    oauth = config.auth.oauth
    if oauth is None:
        return
    yield from _issuer_faults("auth.oauth.token", oauth.token)
    if not all(map(_is_issuer_url, oauth.authorization_servers)):
        cure = "Give https URLs; http is for loopback only"
        yield Fault(FILE, "auth.oauth.authorization_servers", "holds a URL that cannot be trusted", cure)
    if config.server.public_url is None:
        cure = "Set it to the origin that clients use, such as https://mcp.example.com"
        yield Fault(FILE, "server.public_url", "is needed by auth.oauth, whose metadata names it", cure)


def _issuer_faults(key: str, issuer: JWTConfig) -> Iterator[Fault]:
    if issuer.jwks_uri is not None and not is_trustworthy(issuer.jwks_uri):
        cure = "Use https (http is for loopback only), or give public_key instead"
        yield Fault(FILE, f"{key}.jwks_uri", "could be changed on its way", cure)
        return
    try:
        IssuerVerifier(issuer, "jwt")
    except ValueError as error:
        yield Fault(FILE, f"{key}.algorithm", str(error), "Use an algorithm such as RS256, ES256 or Ed25519")
        return
    if issuer.public_key is not None and not _is_key(issuer.public_key.get_secret_value(), issuer.algorithm):
        cure = "Give the PEM of a public key, or for HS a secret at least as long as the hash (RFC 7518, section 3.2)"
        yield Fault(FILE, f"{key}.public_key", f"is no key for {issuer.algorithm}", cure)


def _is_key(text: str, algorithm: str) -> bool:
    if algorithm.startswith("HS") and len(text.encode()) * 8 < int(algorithm[2:]):
        return False
    try:
        KEY_TYPES[algorithm[:2]].import_key(text)
    except (JoseError, ValueError):
        return False
    return True


def _is_issuer_url(url: str) -> bool:
    try:
        ISSUER_URL.validate_python(url)
    except ValidationError:
        return False
    return is_trustworthy(url)


def resource_metadata(config: GatewayConfig, path: str) -> str | None:
    """Where it stands how to get a token for the endpoint at `path` (RFC 9728); None where no issuer is named."""
    if config.auth.oauth is None:
        return None
    return str(build_resource_metadata_url(AnyHttpUrl((config.server.public_url or "").rstrip("/") + path)))


def _remote(config: GatewayConfig, oauth: OAuthConfig) -> RemoteAuthProvider:
    return RemoteAuthProvider(
        token_verifier=IssuerVerifier(oauth.token, "oauth"),
        authorization_servers=[ISSUER_URL.validate_python(url) for url in oauth.authorization_servers],
        base_url=config.server.public_url or "",
        scopes_supported=list(oauth.scopes_supported) or None,
        resource_name=config.server.name,
    )
