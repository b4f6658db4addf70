"""A route: where a public name leads."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.model.route import Route

ECHO = Route("tool", "upstream", "docs", "docs_echo", "echo", {"name": "docs_echo"})


def test_its_repr_says_where_it_leads():
    assert repr(ECHO) == "<tool docs_echo -> upstream docs:echo>"


def test_nothing_is_taken_for_harmless_that_does_not_say_so():
    assert (ECHO.read_only, ECHO.repeatable) == (False, False)


def test_it_does_not_change():
    with pytest.raises(FrozenInstanceError):
        ECHO.public = "other"  # ty: ignore[invalid-assignment]
