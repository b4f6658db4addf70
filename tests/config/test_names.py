"""The namespace grammar."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.names import is_namespace, to_namespace


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("github", "github"),
        ("GitHub", "github"),
        ("my_server", "my-server"),
        ("Google Maps (beta)", "google-maps-beta"),
        ("3d-printer", "d-printer"),
        ("@scope/pkg", "scope-pkg"),
        ("x" * 40, "x" * 32),
    ],
)
def test_a_foreign_name_becomes_the_nearest_namespace(name: str, namespace: str):
    assert to_namespace(name) == namespace


@pytest.mark.parametrize("name", ["", "123", "漢字", "--"])
def test_a_name_without_a_letter_cannot(name: str):
    with pytest.raises(ValueError, match="at least one letter"):
        to_namespace(name)


@given(st.text())
@settings(deadline=None, max_examples=60)
def test_what_comes_out_is_a_namespace_and_stays_one(name: str):
    try:
        namespace = to_namespace(name)
    except ValueError:
        return
    assert is_namespace(namespace)
    assert to_namespace(namespace) == namespace
    assert "_" not in namespace
