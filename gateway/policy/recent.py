"""Credentials proven a moment ago: checking one again for each call of a busy client would cost more than the call."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from fastmcp.server.auth import AccessToken

from gateway.model.principal import Principal
from gateway.policy.proof import principal_of

# A revoked key is refused within a second, half of which may pass before its file is looked at again (`keys.py`).
PROVEN_SECONDS: Final = 0.5
MOST_PROVEN = 10_000

Verify = Callable[[bytes], Awaitable[AccessToken | None]]


class _Proven(NamedTuple):
    principal: Principal
    until: float
    token: AccessToken


class RecentProofs:
    """Principals by credential, as a header has it, each for half a second at most, and never beyond its own expiry.

    Only what was proven is kept, and found by its whole text under Python's keyed hash, so how long a look-up takes
    says nothing of how much of a guess was right.

    Args:
        verify: checks a credential; None where it does not hold.
        clock: POSIX seconds.
    """

    def __init__(self, verify: Verify, clock: Callable[[], float] = time.time):
        self._verify = verify
        self._clock = clock
        self._proven: OrderedDict[bytes, _Proven] = OrderedDict()

    def recent(self, credential: bytes) -> Principal | None:
        """Who holds it, if that was proven a moment ago."""
        known = self._proven.get(credential)
        if known is None:
            return None
        now = self._clock()
        return known.principal if now < known.until <= now + PROVEN_SECONDS else None

    async def principal(self, credential: bytes) -> Principal | None:
        """Who holds it; None where it does not hold.

        Raises:
            Unauthenticated: another verifier than the gateway's own accepts it.
        """
        if (known := self.recent(credential)) is not None:
            return known
        now = self._clock()
        token = await self._verify(credential)
        if token is None:
            self._proven.pop(credential, None)
            return None
        until = now + PROVEN_SECONDS
        until = until if token.expires_at is None else min(until, token.expires_at)
        proven = _Proven(principal_of(token), until, token)
        self._proven[credential] = proven
        self._proven.move_to_end(credential)
        if len(self._proven) > MOST_PROVEN:
            self._proven.popitem(last=False)
        return proven.principal

    def token(self, credential: bytes) -> AccessToken | None:
        """What the verifier made of a credential that has just been proven."""
        known = self._proven.get(credential)
        return known.token if known is not None else None
