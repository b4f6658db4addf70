"""The two kinds of proof: a key of ours, and a token of an issuer's."""

import logging
import math
import time
from collections.abc import Mapping
from typing import Any

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.utilities.auth import decode_jwt_header, decode_jwt_payload

from gateway.config.model import JWTConfig
from gateway.errors import ConfigurationError
from gateway.model.principal import Principal, Proof
from gateway.policy.jwks import JwksUnavailable, fetch_jwks
from gateway.policy.keys import KeyStore
from gateway.policy.proof import prove

SKEW_SECONDS = 60
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2

log = logging.getLogger(__name__)


class KeyVerifier(TokenVerifier):
    """Accepts the keys of a `KeyStore`. The token handed on holds the key's id in the key's place."""

    def __init__(self, keys: KeyStore):
        super().__init__()
        self._keys = keys

    async def verify_token(self, token: str) -> AccessToken | None:
        if not token.startswith("gw_"):
            return None
        try:
            principal = self._keys.verify(token)
        except ConfigurationError as error:
            log.error("Every key is refused: %s", error)
            return None
        if principal is None:
            return None
        subject = principal.subject
        return prove(AccessToken(token=subject, client_id=subject, subject=subject, scopes=[]), principal)


class IssuerVerifier(JWTVerifier):
    """Accepts the tokens of one issuer: FastMCP's verifier, and what that leaves out.

    FastMCP checks the signature with the one configured algorithm, `iss`, `aud`, and `exp` where there is one. It
    accepts a token without `exp`, ignores `nbf`, does not ask for `sub`, raises on an infinite `exp` and on
    deeply nested JSON, and fetches keys without a limit on time and size. `exp` gets no leeway, `nbf` 60 s.
    """

    def __init__(self, config: JWTConfig, proof: Proof):
        super().__init__(
            issuer=config.issuer,
            audience=config.audience,
            jwks_uri=config.jwks_uri,
            public_key=config.public_key.get_secret_value() if config.public_key else None,
            algorithm=config.algorithm,
        )
        self._config = config
        self._proof: Proof = proof

    async def load_access_token(self, token: str) -> AccessToken | None:
        try:
            if not self._is_addressed(token):
                return None
            access = await super().load_access_token(token)
        except (ValueError, OverflowError, RecursionError):
            return None
        if access is None:
            return None
        if reason := refusal(access.claims, time.time()):
            log.info("A token of the issuer %s is refused: %s", self._config.issuer, reason)
            return None
        subject = f"jwt:{self._config.issuer}#{access.claims['sub']}"
        scopes = frozenset(access.scopes).union(self._config.grant)
        return prove(access, Principal(subject, scopes, self._proof))

    def _is_addressed(self, token: str) -> bool:
        """Whether an unverified look says that this issuer signed it, so that no keys are fetched for another's."""
        header, claims = decode_jwt_header(token), decode_jwt_payload(token)
        if not isinstance(header, dict) or not isinstance(claims, dict):
            return False
        return header.get("alg") == self._config.algorithm and claims.get("iss") == self._config.issuer

    async def _fetch_jwks(self) -> Any:
        assert self.jwks_uri is not None
        try:
            return await fetch_jwks(self.jwks_uri)
        except JwksUnavailable as error:
            log.warning("Tokens of the issuer %s are refused: no keys from its jwks_uri: %s", self.issuer, error)
            raise


def refusal(claims: Mapping[str, Any], now: float) -> str:
    """Why verified claims do not hold at `now`, in POSIX seconds; empty when they do."""
    if not _is_time(claims.get("exp")):
        return "it has no exp"
    if "nbf" in claims and not _is_time(claims["nbf"]):
        return "its nbf is not a time"
    if claims.get("nbf", 0) > now + SKEW_SECONDS:
        return "it is not valid yet"
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        return "it has no usable sub"
    return ""


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
