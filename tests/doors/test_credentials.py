"""The principal that a request's own headers prove."""

import pytest
from fastmcp.server.auth import AccessToken, TokenVerifier

from gateway.doors.credentials import Credentials
from gateway.model.principal import LOOPBACK, Principal
from gateway.policy.proof import prove

ADA = Principal("key:ada", frozenset({"*"}), "key")


class Good(TokenVerifier):
    """Accepts one credential, which is Ada's."""

    async def verify_token(self, token: str) -> AccessToken | None:
        return prove(AccessToken(token=token, client_id="ada", scopes=[]), ADA) if token == "good" else None


async def test_without_authentication_it_is_loopback() -> None:
    assert await Credentials(None).principal({b"authorization": b"Bearer whatever"}) is LOOPBACK


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer"])
async def test_a_bearer_credential_is_checked(scheme: bytes) -> None:
    credentials = Credentials(Good())
    assert await credentials.principal({b"authorization": scheme + b" good"}) == ADA
    assert await credentials.principal({b"authorization": scheme + b" bad"}) is None


@pytest.mark.parametrize("headers", [{}, {b"authorization": b"Basic good"}, {b"authorization": b"good"}])
async def test_anything_else_proves_nobody(headers: dict[bytes, bytes]) -> None:
    assert await Credentials(Good()).principal(headers) is None


async def test_the_token_of_who_was_found_is_at_hand() -> None:
    credentials, headers = Credentials(Good()), {b"authorization": b"Bearer good"}
    await credentials.principal(headers)
    token = credentials.token(headers)
    assert token is not None
    assert token.client_id == "ada"
    assert Credentials(None).token(headers) is None
