"""Tokens of a real issuer: the good ones say who calls, and twenty-odd kinds of bad ones say nothing."""

import hashlib
import hmac
import logging
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.config.model import JWTConfig
from gateway.model.principal import Principal
from gateway.policy.keys import KeyStore
from gateway.policy.proof import MARK, principal_of
from gateway.policy.verifiers import IssuerVerifier, KeyVerifier
from tests.policy.issuer import AUDIENCE, Issuer, encoded, issuer


@pytest.fixture(scope="module")
def ours():
    with issuer() as running:
        yield running


@pytest.fixture
def verifier(ours) -> IssuerVerifier:
    return IssuerVerifier(JWTConfig(issuer=ours.url, audience=AUDIENCE, jwks_uri=ours.jwks_uri), "jwt")


async def principal(verifier, token: str) -> Principal | None:
    access = await verifier.verify_token(token)
    return None if access is None else principal_of(access)


GOOD = {
    "scope as text": ({"scope": "data:read github:*"}, {"data:read", "github:*"}),
    "scp as a list": ({"scope": None, "scp": ["data:read", "*:write"]}, {"data:read", "*:write"}),
    "scp as text": ({"scope": None, "scp": "data:read"}, {"data:read"}),
    "no scope": ({"scope": None}, set()),
    "one audience of several": ({"aud": ["https://other.example.com", AUDIENCE]}, {"data:read"}),
    "nbf in the past": ({"nbf": int(time.time()) - 10}, {"data:read"}),
    "nbf a moment ahead": ({"nbf": int(time.time()) + 30}, {"data:read"}),
    "exp with a fraction": ({"exp": time.time() + 86_400.5}, {"data:read"}),
}


@pytest.mark.parametrize(("claims", "scopes"), GOOD.values(), ids=GOOD)
async def test_a_good_token_says_who_calls(verifier, ours, claims, scopes):
    expected = Principal(f"jwt:{ours.url}#ada", frozenset(scopes), "jwt")
    assert await principal(verifier, ours.token(**claims)) == expected


def unsigned(issuer: Issuer, algorithm: str) -> str:
    return f"{encoded({'alg': algorithm, 'kid': 'one'})}.{encoded(issuer.claims())}."


def confused(issuer: Issuer) -> str:
    """An HS256 token signed with the issuer's public key, which everybody knows, as the secret."""
    signed = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(issuer.claims())}"
    digest = hmac.new(issuer.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encoded(digest)}"


def confused_but_named_rs256(issuer: Issuer) -> str:
    head = encoded({"alg": "RS256", "kid": "one"})
    return head + confused(issuer)[confused(issuer).index(".") :]


def tampered(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{encoded(issuer.claims(scope='*'))}.{signature}"


def with_its_own_key(issuer: Issuer) -> str:
    stranger = RSAKey.generate_key(2048)
    return issuer.token({"jwk": stranger.as_dict(private=False)}, key=stranger)


def with_a_critical_header(issuer: Issuer) -> str:
    """Well signed, but it says that whoever does not know `seal` must not accept it (RFC 7515, section 4.1.11)."""
    header = {"alg": "RS256", "kid": "one", "crit": ["seal"], "seal": 1}
    signed = f"{encoded(header)}.{encoded(issuer.claims())}"
    assert issuer.key.private_key is not None
    return f"{signed}.{encoded(issuer.key.private_key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def raw_claims(issuer: Issuer, claims: str, header: str = "") -> str:
    """Unsigned, but with claims that no encoder would write."""
    return f"{encoded(header.encode() or {'alg': 'RS256', 'kid': 'one'})}.{encoded(claims.encode())}.AAAA"


DEEP = "[" * 20_000

BAD = {
    "other audience": lambda ours: ours.token(aud="https://other.example.com"),
    "no audience": lambda ours: ours.token(aud=None),
    "audience as a part": lambda ours: ours.token(aud=AUDIENCE + "/more"),
    "other issuer": lambda ours: ours.token(iss="https://other.example.com"),
    "no issuer": lambda ours: ours.token(iss=None),
    "issuer in a list": lambda ours: ours.token(iss=[ours.url]),
    "expired": lambda ours: ours.token(exp=int(time.time()) - 2),
    "no exp": lambda ours: ours.token(exp=None),
    "exp as text": lambda ours: ours.token(exp="9999999999"),
    "exp true": lambda ours: ours.token(exp=True),
    "exp infinite": lambda ours: ours.token(exp=float("inf")),
    "exp not a number": lambda ours: ours.token(exp=float("nan")),
    "not valid yet": lambda ours: ours.token(nbf=int(time.time()) + 300),
    "nbf as text": lambda ours: ours.token(nbf="0"),
    "no subject": lambda ours: ours.token(sub=None),
    "empty subject": lambda ours: ours.token(sub=""),
    "subject not text": lambda ours: ours.token(sub=7),
    "endless subject": lambda ours: ours.token(sub="a" * 256),
    "scopes not text": lambda ours: ours.token(scope=None, scp=[1, 2]),
    "alg none": lambda ours: unsigned(ours, "none"),
    "alg None": lambda ours: unsigned(ours, "None"),
    "no signature": lambda ours: unsigned(ours, "RS256"),
    "public key as secret": confused,
    "public key as secret, named RS256": confused_but_named_rs256,
    "other algorithm of the same key": lambda ours: ours.token({"alg": "RS512"}),
    "unknown kid": lambda ours: ours.token({"kid": "two"}),
    "other key under a known kid": lambda ours: ours.token(key=RSAKey.generate_key(2048)),
    "brings its own key": with_its_own_key,
    "tampered": tampered,
    "truncated": lambda ours: ours.token()[:-20],
    "two parts": lambda ours: ours.token().rpartition(".")[0],
    "five parts": lambda ours: ours.token() + ".a.b",
    "unknown critical header": with_a_critical_header,
    "header not an object": lambda ours: raw_claims(ours, "{}", "[]"),
    "claims not an object": lambda ours: raw_claims(ours, "[]"),
    "nested claims": lambda ours: raw_claims(ours, DEEP),
    "nested header": lambda ours: raw_claims(ours, "{}", DEEP),
    "not ASCII": lambda ours: ours.token() + "é",
    "empty": lambda ours: "",
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
async def test_a_bad_token_says_nothing(verifier, ours, make):
    assert await verifier.verify_token(make(ours)) is None


async def test_keys_are_fetched_once_and_never_for_the_tokens_of_others(ours, verifier):
    before = ours.fetched
    await verifier.verify_token(ours.token(iss="https://other.example.com"))
    await verifier.verify_token("gw_aaaaaaaa_" + "A" * 43)
    assert ours.fetched == before
    for _ in range(3):
        await verifier.verify_token(ours.token())
    assert ours.fetched == before + 1


async def test_the_grant_of_an_issuer_is_added(ours):
    config = JWTConfig(issuer=ours.url, audience=AUDIENCE, jwks_uri=ours.jwks_uri, grant=("github:read",))
    found = await principal(IssuerVerifier(config, "oauth"), ours.token())
    assert found == Principal(f"jwt:{ours.url}#ada", frozenset({"data:read", "github:read"}), "oauth")


async def test_an_issuer_cannot_speak_for_a_key(ours, verifier):
    forged = ours.token(**{MARK: {"subject": "key:abcdefgh", "proof": "key"}})
    expected = Principal(f"jwt:{ours.url}#ada", frozenset({"data:read"}), "jwt")
    assert await principal(verifier, forged) == expected


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("ES256", ECKey.generate_key("P-256")), ("HS256", OctKey.import_key("0123456789abcdef" * 2))],
    ids=["ES256", "HS256"],
)
async def test_a_key_can_be_given_in_the_configuration(ours, algorithm, key):
    text = "0123456789abcdef" * 2 if algorithm == "HS256" else key.as_pem(private=False).decode()
    config = JWTConfig(issuer=ours.url, audience=AUDIENCE, public_key=text, algorithm=algorithm)
    verifier = IssuerVerifier(config, "jwt")
    assert await principal(verifier, ours.token({"alg": algorithm}, key=key)) is not None
    assert await principal(verifier, ours.token()) is None


async def test_an_issuer_that_is_down_is_said_in_the_log(ours, caplog):
    config = JWTConfig(issuer=ours.url, audience=AUDIENCE, jwks_uri=f"{ours.url}/nothing-here")
    assert await IssuerVerifier(config, "jwt").verify_token(ours.token()) is None
    assert "no keys from its jwks_uri: it answered 404" in caplog.text


async def test_why_a_signed_token_is_refused_is_said_in_the_log_without_the_token(ours, verifier, caplog):
    caplog.set_level(logging.INFO)
    token = ours.token(exp=None)
    await verifier.verify_token(token)
    assert "it has no exp" in caplog.text
    assert token not in caplog.text


async def test_a_key_verifier_takes_keys_and_leaves_the_rest_to_others(tmp_path):
    keys = KeyStore(tmp_path)
    record, key = keys.create("ci", ["data:read"])
    verifier = KeyVerifier(keys)
    assert await principal(verifier, key) == Principal(f"key:{record.id}", frozenset({"data:read"}), "key")
    assert await verifier.verify_token("gw_aaaaaaaa_" + "A" * 43) is None
    assert await verifier.verify_token("something else") is None


async def test_the_key_itself_goes_no_further_than_the_verifier(tmp_path):
    keys = KeyStore(tmp_path)
    _, key = keys.create("ci", ["*"])
    access = await KeyVerifier(keys).verify_token(key)
    assert access is not None
    assert key not in access.model_dump_json()


async def test_a_damaged_key_file_refuses_and_says_so(tmp_path, caplog):
    keys = KeyStore(tmp_path)
    _, key = keys.create("ci", ["*"])
    (tmp_path / "keys.json").write_text("{")
    assert await KeyVerifier(keys).verify_token(key) is None
    assert "is damaged, so no key is accepted" in caplog.text
