"""What an operator may set, and what is refused."""

import pytest
from pydantic import ValidationError

from services.database.settings import Settings


def test_every_field_has_a_default_and_a_description():
    assert Settings() == Settings.model_validate({})
    assert all(field.description for field in Settings.model_fields.values())


def test_settings_cannot_be_changed_or_misspelt():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().timeout = 1  # ty: ignore[invalid-assignment]
    with pytest.raises(ValidationError, match="max_row"):
        Settings.model_validate({"max_row": 1})


def test_a_password_in_the_url_is_not_shown():
    assert "canary" not in repr(Settings(url="postgresql://user:canary@host/name"))
