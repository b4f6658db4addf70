"""The table of verbs."""

from importlib import import_module
from inspect import signature

import pytest

from gateway.cli.verbs import GROUPS, VERBS, Verb


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_a_verb_is_there_is_described_and_takes_a_configuration(verb: Verb):
    module, _, name = verb.function.partition(":")
    function = getattr(import_module(module), name)
    assert function.__doc__
    assert "config" in signature(function).parameters


def test_every_group_has_verbs_and_every_first_word_a_group():
    assert {verb.words.split()[0] for verb in VERBS if " " in verb.words} == set(GROUPS)
    assert len({verb.words for verb in VERBS}) == len(VERBS)
