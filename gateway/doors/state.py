"""The state that clients carry from one round of a call to the next, sealed (2026-07-28 `basic/patterns/mrtr`).

FastMCP seals and opens it for the main door, at the boundary of its low-level server. Another door goes through the
same boundary here, under the same key: what one door sealed, the other opens, and so does every replica.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from fastmcp.server.dependencies import get_access_token
from mcp.server.context import ServerRequestContext
from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateBoundary, RequestStateSecurity

from gateway.model.principal import Principal
from gateway.policy.proof import principal_of
from gateway.policy.statekey import StateKey

NUMBER_MARK = "~"
"""Comes before the number of the worker that state belongs to; no sealed state has it."""


@dataclass(frozen=True)
class Round:
    """One request that may carry state or be answered with it: who sent it, and what stands on the wire.

    The boundary binds state to the principal, the method, the public name or URI, and the arguments.
    """

    principal: Principal
    method: str
    params: Mapping[str, Any]


class RequestStates:
    """Seals and opens. `security` is the policy for FastMCP's boundary; `audience` must be equal on all replicas.

    `worker`: the number of this one among several, which is told in clear beside what is sealed.
    """

    def __init__(self, key: StateKey, audience: str, worker: int | None = None):
        self.security = RequestStateSecurity(codec=_Codec(key, worker), bind_principal=_subject, audience=audience)
        self._boundary = RequestStateBoundary(self.security, default_audience=audience)

    async def opened(self, asked: Round) -> Mapping[str, Any]:
        """The params of `asked`, with the state in them (if there is any) as the upstream gave it.

        Raises:
            MCPError: the main door's own refusal (-32602), whatever is wrong: a state that was changed, is too old,
                or belongs to another caller, route or arguments.
        """
        opened: list[Mapping[str, Any]] = []

        async def keep(context: Any) -> None:
            opened.append(context.params)

        await self._boundary(cast("ServerRequestContext[Any, Any]", asked), keep)
        return opened[0]

    async def sealed(self, asked: Round, result: dict[str, Any]) -> dict[str, Any]:
        """`result`, with the state in it (if it requires input and has any) as the client may carry it."""
        stateless = Round(asked.principal, asked.method, {**asked.params, "requestState": None})

        async def answer(_: Any) -> dict[str, Any]:
            return result

        return cast("dict[str, Any]", await self._boundary(cast("ServerRequestContext[Any, Any]", stateless), answer))


class _Codec:
    """The SDK's, under a key that is read when it is first needed: making a gateway writes no file."""

    def __init__(self, key: StateKey, worker: int | None):
        self._key = key
        self._number = "" if worker is None else f"{NUMBER_MARK}{worker}"

    @cached_property
    def _codec(self) -> AESGCMRequestStateCodec:
        return AESGCMRequestStateCodec([self._key.read()])

    def seal(self, payload: bytes) -> str:
        return self._codec.seal(payload) + self._number

    def unseal(self, token: str) -> bytes:
        return self._codec.unseal(token.partition(NUMBER_MARK)[0])


def _subject(context: Any) -> str:
    """Who a round belongs to, in both doors the same: at FastMCP's boundary the token in the context tells."""
    principal = context.principal if isinstance(context, Round) else principal_of(get_access_token())
    return principal.subject
