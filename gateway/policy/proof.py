"""How a verified proof travels through FastMCP: a mark in the access token, and the principal read back from it."""

from functools import lru_cache

from fastmcp.server.auth import AccessToken

from gateway.errors import Unauthenticated
from gateway.model.principal import LOOPBACK, Principal

MARK = "gateway/principal"
REMEMBERED_GRANTS = 1024


def prove(token: AccessToken, principal: Principal) -> AccessToken:
    """`token`, now saying whom it proves.

    The mark is a claim, because FastMCP keeps claims when it copies or serialises a token and would lose a subclass.
    It replaces whatever an issuer put under the same name, so that no issuer can speak for another.
    """
    claims = {**token.claims, MARK: {"subject": principal.subject, "proof": principal.proof}}
    return token.model_copy(update={"claims": claims, "scopes": sorted(principal.scopes)})


def principal_of(token: AccessToken | None) -> Principal:
    """Whom a request speaks for. Without a token it is loopback's principal: only a door knows when that may be.

    Raises:
        Unauthenticated: another verifier than the gateway's own made this token.
    """
    if token is None:
        return LOOPBACK
    mark = token.claims.get(MARK)
    if mark is None:
        raise Unauthenticated("The token was not verified by this gateway. Configure its issuer under [auth]")
    return Principal(mark["subject"], _granted(tuple(token.scopes)), mark["proof"])


@lru_cache(REMEMBERED_GRANTS)
def _granted(scopes: tuple[str, ...]) -> frozenset[str]:
    """The same set each time a credential is proven: decisions are remembered by it, and a call with hundreds of scopes
    would pay for seeing that one set is as another."""
    return frozenset(scopes)
