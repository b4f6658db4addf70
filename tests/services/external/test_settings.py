"""What an operator may set, and what is refused."""

import pytest
from pydantic import ValidationError

from services.external.settings import Settings


def test_every_field_has_a_default_and_a_description():
    assert Settings() == Settings.model_validate({})
    assert all(field.description for field in Settings.model_fields.values())


def test_settings_cannot_be_changed_or_misspelt():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().timeout = 1  # ty: ignore[invalid-assignment]
    with pytest.raises(ValidationError, match="allowed_host"):
        Settings.model_validate({"allowed_host": []})


@pytest.mark.parametrize("entry", ["127.0.0.1", "http://127.0.0.1:80", "::1:80", "host:port", "*:80", "host:80 "])
def test_an_opened_endpoint_is_a_host_and_a_port(entry):
    with pytest.raises(ValidationError, match="allow_private_hosts"):
        Settings(allow_private_hosts=(entry,))


def test_an_opened_endpoint_is_kept_in_lower_case():
    assert Settings(allow_private_hosts=("Wiki.Internal:8080", "[FD00::1]:80")).allow_private_hosts == (
        "wiki.internal:8080",
        "[fd00::1]:80",
    )


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "proxy-authorization", "a b", "x\r\n", ""]
)
def test_headers_that_make_a_request_what_it_is_cannot_be_given_to_callers(name):
    with pytest.raises(ValidationError, match="allowed_headers"):
        Settings(allowed_headers=(name,))


@pytest.mark.parametrize("methods", [(), ("TRACE",), ("get",)])
def test_methods_are_those_that_there_are(methods):
    with pytest.raises(ValidationError, match="methods"):
        Settings(methods=methods)


@pytest.mark.parametrize(
    "api",
    [
        {},
        {"document": "a", "tag": ["x"]},
        {"document": "a", "headers": {"host": "x"}},
        {"document": "a", "headers": {"authorization": "Bearer CANARY\r\nx: y"}},
        {"document": "a", "headers": {"authorization": ""}},
    ],
)
def test_an_api_is_checked_without_its_secrets_being_told(api):
    with pytest.raises(ValidationError, match="apis") as refusal:
        Settings.model_validate({"apis": {"one": api}})
    assert "CANARY" not in str(refusal.value)


@pytest.mark.parametrize("name", ["", "A", "a_b", "9a", "a" * 21])
def test_an_apis_name_holds_to_the_grammar(name):
    with pytest.raises(ValidationError, match="apis"):
        Settings.model_validate({"apis": {name: {"document": "a"}}})


def test_secrets_of_an_api_are_not_shown():
    settings = Settings.model_validate({"apis": {"one": {"document": "a", "query": {"key": "CANARY"}}}})
    assert "CANARY" not in repr(settings)
