"""The settings of the service."""

from pathlib import Path

import pytest
from pydantic import ByteSize, ValidationError

from services.data.settings import Settings


def test_every_setting_has_a_default_and_a_description() -> None:
    assert Settings() == Settings(memory_limit=ByteSize(512_000_000))
    assert all(field.description for field in Settings.model_fields.values())


def test_limits_say_what_the_settings_say() -> None:
    limits = Settings.model_validate({"roots": ["data"], "max_file_bytes": "2GiB", "keep_rows": 5}).limits()
    assert limits.roots == (str(Path("data").absolute()),)
    assert (limits.max_file_bytes, limits.keep_rows) == (2 * 2**30, 5)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"root": "data"})
