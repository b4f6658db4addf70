"""What a configuration may say. What is refused, and how, is in `cases/`."""

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from gateway.config import model
from gateway.config.model import AuditConfig, GatewayConfig, ServiceConfig, UpstreamConfig

SECTIONS = [each for each in vars(model).values() if isinstance(each, type) and issubclass(each, BaseModel)]


def test_a_configuration_does_not_change_once_read():
    config = GatewayConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.server.port = 9000  # ty: ignore[invalid-assignment]


@pytest.mark.parametrize("section", [each for each in SECTIONS if each.__module__ == model.__name__])
def test_every_key_says_what_it_is_for(section: type[BaseModel]):
    assert [name for name, field in section.model_fields.items() if not field.description] == []


def test_an_upstream_is_on_unless_it_says_or_lacks_something():
    assert UpstreamConfig(url="https://example.com/mcp").is_on
    assert UpstreamConfig(url="https://example.com/mcp", enabled="when-configured").is_on
    assert not UpstreamConfig(url="https://example.com/mcp", enabled=False).is_on
    assert not UpstreamConfig(url="", enabled="when-configured", off_because="KEY is not set").is_on


def test_a_program_gets_longer_to_answer_than_a_socket():
    assert UpstreamConfig(url="https://example.com/mcp").patience == 5
    assert UpstreamConfig(command="npx").patience == 30
    assert UpstreamConfig(command="npx", connect_timeout=2).patience == 2


def test_a_repr_shows_no_secret():
    upstream = UpstreamConfig(url="https://example.com/mcp?key=CANARY", headers={"X-Key": SecretStr("CANARY")})
    program = UpstreamConfig(command="npx", args=("--token", "CANARY"), env={"KEY": SecretStr("CANARY")})
    service = ServiceConfig.model_validate({"url": "postgresql://user:CANARY@localhost/db"})
    assert "CANARY" not in f"{upstream!r} {program!r} {service!r}"
    assert service.settings == {"url": "postgresql://user:CANARY@localhost/db"}


def test_a_validation_error_shows_no_value():
    with pytest.raises(ValidationError) as refused:
        GatewayConfig.model_validate({"server": {"port": "CANARY"}, "services": {"data": {"enabled": "CANARY"}}})
    assert "CANARY" not in str(refused.value)


def test_an_audit_that_is_required_is_one_that_is_written():
    with pytest.raises(ValidationError, match="required needs enabled = true"):
        GatewayConfig.model_validate({"audit": {"required": True}})
    assert AuditConfig(enabled=True, required=True).required
