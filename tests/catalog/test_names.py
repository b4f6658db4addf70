"""Public names: within the grammar, no two alike, and the same however a listing is ordered."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.names import public_names

GRAMMAR = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Letters that collide once they are cleaned, and names at the edge of what fits.
odd_names = st.text("ab. _/é", max_size=4) | st.text("a.", min_size=58, max_size=66) | st.text(max_size=130)


def test_a_name_that_fits_is_kept():
    assert public_names("git", ["list_issues", "Get-Issue", "a"]) == {
        "list_issues": "git_list_issues",
        "Get-Issue": "git_Get-Issue",
        "a": "git_a",
    }


def test_foreign_characters_become_underscores():
    assert public_names("ns", ["read.file", "über", ""]) == {"read.file": "ns_read_file", "über": "ns__ber", "": "ns_"}


def test_names_that_would_be_equal_carry_a_hash_but_for_the_one_that_fits_as_it_is():
    assert public_names("ns", ["a.b", "a b", "a_b"]) == {
        "a.b": "ns_a_b_2e7336dc",
        "a b": "ns_a_b_c8687a08",
        "a_b": "ns_a_b",
    }


@pytest.mark.parametrize("length", [62, 120, 5000])
def test_a_long_name_is_shortened_and_told_from_its_like(length):
    names = public_names("ns", ["x" * length, "x" * length + "y"])
    assert len(set(names.values())) == 2
    assert all(len(public) == 64 and GRAMMAR.fullmatch(public) for public in names.values())


def test_the_longest_name_that_fits_is_kept():
    assert public_names("ns", ["x" * 61])["x" * 61] == "ns_" + "x" * 61


def test_a_tool_that_is_named_like_anothers_hash_takes_nothing_from_it():
    hashed = "a_b_" + hashlib.sha256(b"a b").hexdigest()[:8]
    names = public_names("ns", ["a b", "a_b", hashed])
    assert names[hashed] == f"ns_{hashed}"
    assert names["a b"] == f"ns_a_b_{hashlib.sha256(b'a b').hexdigest()[:9]}"


@given(st.lists(odd_names, unique=True, max_size=12))
def test_names_are_unique_and_within_the_grammar(originals):
    names = public_names("n" * 32, originals)
    assert list(names) == originals
    assert len(set(names.values())) == len(originals)
    assert all(GRAMMAR.fullmatch(public) for public in names.values())


@given(st.data(), st.lists(odd_names, unique=True, max_size=8))
def test_the_order_of_a_listing_changes_no_name(data, originals):
    reordered = data.draw(st.permutations(originals))
    assert public_names("ns", reordered) == public_names("ns", originals)
