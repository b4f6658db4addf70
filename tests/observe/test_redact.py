"""Secrets are taken out of texts and values; what is no secret stays readable."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.masks import MASK
from gateway.observe.redact import LONGEST_TEXT, Redactor

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLXdpdGgtbW9yZQ"
KEY = "gw_abcdefgh_" + "Ab3-_" * 8 + "xyz"

TEXTS = {
    f"used {KEY} twice": f"used gw_abcdefgh_{MASK} twice",
    f"got {JWT}.": f"got {MASK}",
    f"cut {JWT[:30]}": f"cut {MASK}",
    "Authorization: Bearer abc.def": f"Authorization: {MASK}",
    "sent bearer abc/def== on": f"sent bearer {MASK} on",
    "sent Basic YWRhOnBhc3M= on": f"sent Basic {MASK} on",
    "{'authorization': 'Basic YWRhOnBhc3M=', 'a': 1}": f"{{'authorization': '{MASK}', 'a': 1}}",
    "[(b'x-api-key', b'k123456'), (b'a', b'b')]": f"[(b'x-api-key', b'{MASK}'), (b'a', b'b')]",
    "Cookie: a=1; session=abc": f"Cookie: {MASK}",
    "set-cookie=session=abc; HttpOnly": f"set-cookie={MASK}",
    "Mcp-Session-Id: 1868a90c": f"Mcp-Session-Id: {MASK}",
    "postgresql://ada:pass:word@db/x": f"postgresql://{MASK}@db/x",
    "GET https://a.example/b?key=k1&page=2#frag": f"GET https://a.example/b?key={MASK}&page={MASK}#frag",
    "https://a.example/#access_token=abc&x=1": f"https://a.example/#access_token={MASK}&x={MASK}",
    "password=hunter2, user=ada": f"password={MASK}, user=ada",
    '{"client_secret": "s3", "id": 7}': f'{{"client_secret": "{MASK}", "id": 7}}',
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----": f"{MASK}-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.items())
def test_what_looks_like_a_secret_is_taken_out(text, shown):
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Bearer token rejected for client ada: issuer mismatch",
        "Bearer authentication is required.",
        "a basic check of tokens and secrets, and of authorization",
        "2026-11-23T20:32:31Z key:abcdefgh called github_search in 0.2 s",
        "what? no: a=b & c=d",
        "https://a.example/path is up, mail ada@a.example",
        "gw_ is the prefix of keys",
        "C:\\temp\\file and [1, 2] and {'a': 'b'}",
    ],
)
def test_what_is_no_secret_stays(text):
    assert Redactor().text(text) == text


KNOWN = 'p@ss "wörd"/\\1'


@pytest.mark.parametrize(
    "written",
    [KNOWN, repr(KNOWN), repr({"a": KNOWN}), "p%40ss%20%22w%C3%B6rd%22%2F%5C1", '"p@ss \\"w\\u00f6rd\\"/\\\\1"'],
    ids=["as it is", "repr", "nested repr", "in a URL", "in JSON"],
)
def test_a_known_secret_is_taken_out_however_it_is_written(written):
    text = Redactor([KNOWN]).text(f"before {written} after")
    assert "ss" not in text
    assert text.startswith("before ")
    assert text.endswith(" after")


def test_of_a_configured_header_the_token_alone_is_known_too():
    assert Redactor(["Bearer abcdefgh"]).text("token abcdefgh.") == f"token {MASK}."


def test_a_short_value_is_left_or_everything_would_go():
    assert Redactor(["true", ""]).text("it is true") == "it is true"


def test_secrets_can_be_added_later():
    redactor = Redactor(["first-secret"])
    redactor.add(["second-secret"])
    assert redactor.text("first-secret second-secret") == f"{MASK} {MASK}"


def test_the_longer_of_two_secrets_goes_whole():
    assert Redactor(["secret-1", "secret-1-and-more"]).text("secret-1-and-more") == MASK


def test_fields_are_judged_by_their_name_at_any_depth():
    headers = {"X-API-Key": "a", "accept": "b", "Cookie": "c", "Ocp-Apim-Subscription-Key": "d"}
    value = {"headers": headers, "raw": [(b"authorization", b"e"), ("accept", "f")], "access_token": 7}
    assert Redactor().value(value) == {
        "headers": {"X-API-Key": MASK, "accept": "b", "Cookie": MASK, "Ocp-Apim-Subscription-Key": MASK},
        "raw": [["authorization", MASK], ["accept", "f"]],
        "access_token": MASK,
    }


def test_any_object_becomes_something_json_can_say():
    class Odd:
        def __repr__(self):
            return f"<Odd {KEY}>"

    value = Redactor().value({1: {2, 3}, "odd": Odd(), "nan": float("nan"), "none": None, "bytes": b"\xff"})
    assert value == {"1": [2, 3], "odd": f"<Odd gw_abcdefgh_{MASK}>", "nan": "nan", "none": None, "bytes": "b'\\xff'"}


def test_depth_and_number_are_bounded():
    deep = value = {}
    for _ in range(50):
        value["in"] = value = {}
    shown = Redactor().value({"deep": deep, "many": list(range(1000))})
    assert len(shown["many"]) == 100
    assert len(str(shown["deep"])) < 500


def test_a_line_of_fields_is_cleaned_like_any_value():
    redactor = Redactor(["known-secret"])
    clean = {"event": "call", "seconds": 0.1, "error": None}
    assert redactor.fields(clean) == clean
    for fields in (
        {"event": "a known-secret"},
        {"event": "a", "password": "x"},
        {"event": "a", "more": ["known-secret"]},
    ):
        assert redactor.fields(fields) == redactor.value(fields) != fields


@given(
    st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=20), st.sampled_from([*TEXTS, KNOWN])), max_size=5)
)
def test_the_short_cut_for_clean_lines_never_shows_more(fields):
    redactor = Redactor([KNOWN])
    assert redactor.fields(fields) == redactor.value(fields)


def test_a_secret_that_the_length_limit_cuts_through_goes_too():
    known = "0123456789abcdefghij"
    text = Redactor([known]).text("." * (LONGEST_TEXT - 10) + known)
    assert "0123" not in text
    assert text.endswith(". [cut]")


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "?",
        "://",
        "@",
        "&a",
        "?a=",
        "authorization ",
        "token=",
        "Bearer ",
        "eyJ",
        "gw_aaaaaaaa_",
        "-----BEGIN ",
        "basic a",
    ],
)
def test_a_long_text_costs_no_more_than_its_length(piece):
    started = time.perf_counter()
    Redactor(["known-secret"]).text(piece * (LONGEST_TEXT // len(piece)))
    assert time.perf_counter() - started < 0.5
