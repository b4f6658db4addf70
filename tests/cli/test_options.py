"""Options that several verbs share."""

from typing import get_args

from gateway.cli.options import AsJson, At, BearerEnv, ConfigFile, Deadline


def test_they_are_spelled_the_same_everywhere():
    names = [get_args(option)[1].name for option in (ConfigFile, AsJson, At, BearerEnv, Deadline)]
    assert names == [("--config",), ("--json",), ("--at",), ("--bearer-env",), ("--deadline",)]
