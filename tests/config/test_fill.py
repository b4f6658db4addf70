"""What an unset variable means, by what its upstream says of itself."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.draft import Draft, Source
from gateway.config.fill import fill, is_off


def filled(upstream: dict[str, Any], environ: dict[str, str]) -> tuple[Any, list[str]]:
    draft = Draft({"upstreams": {"a": upstream}}, {(): Source("gateway.toml", (), Path(), "gateway.toml")})
    fill(draft, environ, ["upstreams"])
    return draft.tree["upstreams"]["a"], [fault.problem for fault in draft.faults]


@pytest.mark.parametrize(
    ("enabled", "off_because", "faults"),
    [
        (True, None, ["KEY is not set"]),
        ("when-configured", "KEY is not set", []),
        (False, None, []),
        ("${env:SWITCH}", None, []),
    ],
)
def test_an_unset_variable(enabled: Any, off_because: str | None, faults: list[str]):
    table, found = filled({"headers": {"X-Key": "${env:KEY}"}, "enabled": enabled}, {"SWITCH": "off"})
    assert table["headers"] == {"X-Key": ""}
    assert table.get("off_because") == off_because
    assert found == faults


def test_a_reference_that_can_never_be_filled_is_a_fault_even_when_configured():
    table, found = filled({"args": ["${env:KEY}", "${KEY}"], "enabled": "when-configured"}, {})
    assert table["off_because"] == "KEY is not set"
    assert found == ["${KEY} is not understood here"]


def test_off_can_be_said_in_every_way_that_a_boolean_can():
    assert [is_off({"enabled": word}) for word in (False, "false", "off", "no", "0", 0)] == [True] * 6
    assert [is_off(table) for table in ({}, {"enabled": "when-configured"}, {"enabled": "?"}, "no table")] == [
        False
    ] * 4
