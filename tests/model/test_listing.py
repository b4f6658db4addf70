"""A listing: what one owner offers, as last heard."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from gateway.model.listing import EMPTY, Listing

HEARD = Listing(tools=({"name": "echo"},), prompts=({"name": "greet"}, {"name": "plain"}), heard_at=1.0)


def test_its_repr_counts_what_is_offered():
    assert repr(HEARD) == "<Listing tools=1 resources=0 templates=0 prompts=2>"
    assert repr(EMPTY) == "<Listing tools=0 resources=0 templates=0 prompts=0>"


def test_the_same_offer_heard_later_is_the_same():
    later = replace(
        HEARD,
        heard_at=2.0,
        faults=("one entry has no name",),
        hints={"tools/list": {"ttlMs": 1}},
        info={"version": "2"},
    )
    assert HEARD.same_offer(later)
    assert HEARD.digest() == later.digest()


CHANGES: dict[str, Any] = {
    "tools": ({"name": "echo", "description": "Says it again."},),
    "resources": ({"uri": "text://a"},),
    "templates": ({"uriTemplate": "text://{a}"},),
    "prompts": (),
    "capabilities": {"logging": {}},
    "instructions": "Ask first.",
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_offer_is_another(name: str):
    other = replace(HEARD, **{name: CHANGES[name]})
    assert not HEARD.same_offer(other)
    assert HEARD.digest() != other.digest()


def test_its_digest_is_the_same_in_every_process_and_version():
    assert HEARD.digest() == "567e537967edcb905feb2b346075b5a639e7d8a8e8a6e659b31b23f148ef8a52"
    turned = replace(HEARD, capabilities={"b": 1, "a": 2})
    assert turned.digest() == replace(HEARD, capabilities={"a": 2, "b": 1}).digest()


def test_every_field_is_an_offer_or_is_about_the_hearing():
    assert {field.name for field in fields(Listing)} == CHANGES.keys() | {"info", "hints", "heard_at", "faults"}


def test_it_does_not_change():
    with pytest.raises(FrozenInstanceError):
        HEARD.heard_at = 3.0  # ty: ignore[invalid-assignment]
