"""Who calls, told from the headers of a request that has not passed FastMCP's own authentication yet."""

from typing import Final

from fastmcp.server.auth import AccessToken, AuthProvider

from gateway.doors.headers import Headers
from gateway.model.principal import LOOPBACK, Principal
from gateway.policy.recent import RecentProofs

AUTHORIZATION: Final = b"authorization"


class Credentials:
    """Finds the principal of a request; what was proven is remembered for a moment.

    Args:
        auth: what checks credentials, and would again behind the express doors; None where there is no authentication.
    """

    def __init__(self, auth: AuthProvider | None):
        self._auth = auth
        self._proofs = RecentProofs(self._verified) if auth is not None else None

    def recent(self, headers: Headers) -> Principal | None:
        """Who calls, where that was proven a moment ago, or is nobody's to prove."""
        return self._proofs.recent(headers.get(AUTHORIZATION, b"")) if self._proofs is not None else LOOPBACK

    async def principal(self, headers: Headers) -> Principal | None:
        """Who calls; None where that is not proven, which the main door says."""
        return await self._proofs.principal(headers.get(AUTHORIZATION, b"")) if self._proofs is not None else LOOPBACK

    def token(self, headers: Headers) -> AccessToken | None:
        """What proved the principal that has just been found; None where there is no authentication."""
        return self._proofs.token(headers.get(AUTHORIZATION, b"")) if self._proofs is not None else None

    async def _verified(self, said: bytes) -> AccessToken | None:
        """What an authorization header holds, if that is a bearer token that is good."""
        scheme, _, credential = said.partition(b" ")
        if self._auth is None or scheme.lower() != b"bearer":
            return None
        return await self._auth.verify_token(credential.decode("latin-1"))
