"""What the tools take is said to who calls them."""

from typing import get_args

import pytest

from services.database import arguments

NAMES = [name for name in vars(arguments) if get_args(getattr(arguments, name)) and name != "Any"]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_described(name):
    assert get_args(getattr(arguments, name))[-1].description.endswith(".")
