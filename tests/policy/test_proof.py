"""One principal, whatever the proof."""

import pytest
from fastmcp.server.auth import AccessToken

from gateway.errors import Unauthenticated
from gateway.model.principal import LOOPBACK, Principal
from gateway.policy.proof import principal_of, prove

ADA = Principal("jwt:https://issuer.example.com#ada", frozenset({"data:read", "*:write"}), "jwt")
TOKEN = AccessToken(token="t", client_id="c", scopes=[], claims={"iss": "https://issuer.example.com"})


def test_who_was_proved_is_read_back():
    assert principal_of(prove(TOKEN, ADA)) == ADA


def test_the_same_scopes_are_the_same_set_each_time_they_are_proved():
    first, second = (principal_of(prove(TOKEN, ADA)) for _ in range(2))
    assert first.scopes is second.scopes


def test_who_was_proved_survives_serialisation():
    assert principal_of(AccessToken.model_validate_json(prove(TOKEN, ADA).model_dump_json())) == ADA


def test_the_issuers_claims_stay():
    assert prove(TOKEN, ADA).claims["iss"] == "https://issuer.example.com"


def test_no_token_is_loopback():
    assert principal_of(None) is LOOPBACK


def test_a_token_that_we_did_not_verify_is_nobodys():
    with pytest.raises(Unauthenticated):
        principal_of(TOKEN)
