"""Faults in our words. Whole configurations are in `cases/`."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.draft import Draft, Source
from gateway.config.validate import known_keys, refuse_what_is_not_ours, validate


def draft(tree: dict[str, Any]) -> Draft:
    return Draft(tree, {(): Source("gateway.toml", (), Path(), "gateway.toml")})


@pytest.mark.parametrize(
    ("path", "cure"),
    [
        (("server", "prot"), "did you mean port?"),
        (("prot",), "known there: include, server, auth, log, audit, replicas, services, upstreams"),
        (("port",), "did you mean server.port?"),
        (("upstreams", "x", "bearer"), "did you mean auth.bearer?"),
        (("log", "zzz"), "known there: level, format"),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_known_one(path: tuple[str, ...], cure: str):
    assert known_keys(path) == cure


def test_one_value_has_one_fault():
    it = draft({"upstreams": {"x": {"url": "https://example.com", "enabled": "maybe"}}})
    assert validate(it) is None
    assert [fault.problem for fault in it.faults] == ["must be true or false, or must be 'when-configured'"]


def test_what_is_known_to_be_wrong_is_not_told_again():
    it = draft({"server": {"port": "wrong"}, "upstreams": {"x": {"url": ""}}})
    it.fault(("upstreams", "x", "url"), "KEY is not set")
    assert validate(it) is None
    assert [fault.key for fault in it.faults] == ["upstreams.x.url", "server.port"]


def test_profiles_and_what_only_the_loader_writes_are_refused():
    it = draft({"profiles": {}, "upstreams": {"x": {"off_because": "by hand", "chaos": {"errors": 1.0}}}})
    refuse_what_is_not_ours(it)
    assert sorted((fault.key, fault.problem) for fault in it.faults) == [
        ("profiles", "profiles are not served yet"),
        ("upstreams.x.chaos", "unknown key"),
        ("upstreams.x.off_because", "unknown key"),
    ]
    assert it.tree == {"upstreams": {"x": {}}}


def test_a_draft_without_fault_becomes_a_configuration():
    config = validate(draft({"server": {"port": "9000"}}))
    assert config is not None
    assert config.server.port == 9000
