"""Variables that override keys. What whole environments come to is in `cases/`."""

from pathlib import Path

import pytest

from gateway.config.draft import Draft, Source
from gateway.config.environment import overlay, settings

HERE = Path()


def draft() -> Draft:
    return Draft(
        {"server": {"port": 8000}, "upstreams": {"my-server": {"headers": {"X-API-Key": "old"}}}, "log": "wrong"},
        {(): Source("gateway.toml", (), HERE, "gateway.toml")},
    )


def test_only_our_variables_count_and_empty_ones_do_not():
    found = settings({"PATH": "x", "GATEWAY_CONFIG": "x", "GATEWAY__LOG__LEVEL": "", "GATEWAY__SERVER__PORT": "1"})
    assert [(each.variable, each.parts) for each in found] == [("GATEWAY__SERVER__PORT", ["SERVER", "PORT"])]


def test_a_variable_finds_the_key_that_the_file_wrote_in_its_own_way():
    it = draft()
    environ = {"GATEWAY__UPSTREAMS__MY_SERVER__HEADERS__X_API_KEY": "new", "GATEWAY__UPSTREAMS__MY_SERVER__CWD": "x"}
    overlay(it, settings(environ), HERE)
    assert it.tree["upstreams"] == {"my-server": {"headers": {"X-API-Key": "new"}, "cwd": "x"}}


def test_what_a_variable_gave_is_faulted_at_the_variable():
    it = draft()
    overlay(it, settings({"GATEWAY__SERVER__PORT": "x", "GATEWAY__UPSTREAMS__NEW__URL": "x"}), HERE)
    it.fault(("server", "port"), "is wrong")
    it.fault(("upstreams", "new", "url"), "is wrong")
    it.fault(("upstreams", "new"), "is wrong")
    assert [(fault.file, fault.key) for fault in it.faults] == [
        ("environment", "GATEWAY__SERVER__PORT"),
        ("environment", "GATEWAY__UPSTREAMS__NEW__URL"),
        ("environment", "GATEWAY__UPSTREAMS__NEW"),
    ]


def test_a_table_that_the_file_got_wrong_is_left_to_be_faulted_there():
    it = draft()
    overlay(it, settings({"GATEWAY__LOG__LEVEL": "INFO"}), HERE)
    assert it.tree["log"] == "wrong"


@pytest.mark.parametrize(
    ("variable", "text", "cure"),
    [
        ("GATEWAY__SERVER__PROT", "1", "did you mean GATEWAY__SERVER__PORT?"),
        ("GATEWAY__SREVER__PORT", "1", "did you mean GATEWAY__SERVER__PORT?"),
        ("GATEWAY__UPSTREAMS__MY_SERVER__ULR", "x", "did you mean GATEWAY__UPSTREAMS__MY_SERVER__URL?"),
        ("GATEWAY__SERVER", "{}", "set one of its keys: GATEWAY__SERVER__..."),
        ("GATEWAY__UPSTREAMS__X__ARGS", "-y CANARY", 'write a list, such as ["a", "b"]'),
    ],
)
def test_a_wrong_variable_is_told_with_its_cure(variable: str, text: str, cure: str):
    it = draft()
    overlay(it, settings({variable: text}), HERE)
    [fault] = it.faults
    assert (fault.file, fault.key, fault.cure) == ("environment", variable, cure)
