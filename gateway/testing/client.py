"""A client in memory, of a gateway or of a service alone, that calls as whom a test names."""

import contextlib
from collections.abc import AsyncGenerator, Collection
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from fastmcp import Client, FastMCP
from fastmcp.client.transports import FastMCPTransport
from fastmcp.client.transports.base import TransportOptions
from fastmcp.server.auth import AccessToken
from mcp import ClientSession
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from gateway.model.principal import ALL_SCOPES, Principal
from gateway.policy.proof import prove


def client_of(
    server: FastMCP, *, subject: str = "", scopes: Collection[str] = ALL_SCOPES, **options: Any
) -> Client[FastMCPTransport]:
    """FastMCP's client, connected to `server` without a network. `options` are that client's own.

    It calls as the principal `subject` with `scopes`: a gateway admits it as it would that key's holder, and a
    service's code finds both in `get_access_token()`. Without a subject, whoever is on this machine calls.

    Raises:
        ValueError: scopes and nobody who has them.
    """
    if not subject:
        if frozenset(scopes) != ALL_SCOPES:
            raise ValueError("Scopes belong to somebody: name a subject.")
        return Client(FastMCPTransport(server), **options)
    principal = Principal(subject, frozenset(scopes), "key")
    token = prove(AccessToken(token="in memory", client_id=subject, scopes=[]), principal)
    return Client(_Proven(server, token), **options)


class _Proven(FastMCPTransport):
    """Sends every message from where FastMCP would have found, behind HTTP, the proof of who calls.

    In memory a server handles a message in its sender's context, so the proof has to be there as it is sent.
    """

    def __init__(self, server: FastMCP, token: AccessToken):
        super().__init__(server)
        self._user = AuthenticatedUser(token)

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_options: Any
    ) -> AsyncGenerator[ClientSession]:
        options = transport_options or TransportOptions()
        made: Any = partial(self._session, options.session_class)
        options = replace(options, session_class=made)
        async with super().connect_session(transport_options=options, **session_options) as session:
            yield session

    def _session(self, session_class: type[ClientSession], *, write_stream: Any, **options: Any) -> ClientSession:
        return session_class(write_stream=_ProvenStream(write_stream, self._user), **options)


class _ProvenStream:
    """The sending side of a session's streams."""

    def __init__(self, stream: Any, user: AuthenticatedUser):
        self._stream = stream
        self._user = user

    async def send(self, message: Any) -> None:
        before = auth_context_var.set(self._user)
        try:
            await self._stream.send(message)
        finally:
            auth_context_var.reset(before)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
