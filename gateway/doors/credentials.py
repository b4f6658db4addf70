"""Who calls, told from the headers of a request that has not passed FastMCP's own authentication yet."""

from fastmcp.server.auth import AccessToken, AuthProvider

from gateway.doors.headers import Headers
from gateway.model.principal import LOOPBACK, Principal
from gateway.policy.recent import RecentProofs


class Credentials:
    """Finds the principal of a request; what was proven is remembered for a moment.

    Args:
        auth: what checks credentials, and would again behind the express doors; None where there is no authentication.
    """

    def __init__(self, auth: AuthProvider | None):
        self._proofs = RecentProofs(auth.verify_token) if auth is not None else None

    def recent(self, headers: Headers) -> Principal | None:
        """Who calls, where that was proven a moment ago, or is nobody's to prove."""
        if self._proofs is None:
            return LOOPBACK
        scheme, credential = _credential(headers)
        return self._proofs.recent(credential) if scheme == b"bearer" else None

    async def principal(self, headers: Headers) -> Principal | None:
        """Who calls; None where that is not proven, which the main door says."""
        if self._proofs is None:
            return LOOPBACK
        scheme, credential = _credential(headers)
        return await self._proofs.principal(credential) if scheme == b"bearer" else None

    def token(self, headers: Headers) -> AccessToken | None:
        """What proved the principal that has just been found; None where there is no authentication."""
        return self._proofs.token(_credential(headers)[1]) if self._proofs is not None else None


def _credential(headers: Headers) -> tuple[bytes, str]:
    """Scheme and credential."""
    scheme, _, credential = headers.get(b"authorization", b"").partition(b" ")
    return scheme.lower(), credential.decode("latin-1")
