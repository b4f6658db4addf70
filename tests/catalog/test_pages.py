"""Pages: whole together, in any number, and a cursor that leads on while the list changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.catalog import Source, build
from gateway.catalog.pages import cut
from gateway.errors import InvalidRequest
from gateway.model.listing import Listing

NAMES = ("a_one", "a_two", "b_one", "text://ü/notes")


def walked(names, size):
    pages, cursor = [], None
    while True:
        page = cut("tool", names, cursor, size)
        pages.append(list(names[page.start : page.end]))
        cursor = page.next_cursor
        if cursor is None:
            return pages


@given(st.lists(st.text(), unique=True), st.integers(1, 9))
def test_all_pages_together_are_the_list(names, size):
    pages = walked(names, size)
    assert [name for page in pages for name in page] == names
    assert all(len(page) == size for page in pages[:-1])
    assert len(pages[-1]) > 0 or not names


def test_a_list_that_fits_is_one_page():
    assert cut("tool", NAMES, None, len(NAMES)) == (0, len(NAMES), None)


def test_a_cursor_leads_on_in_a_list_that_has_changed_meanwhile():
    cursor = cut("tool", NAMES, None, 2).next_cursor
    changed = ("new", "a_two", "b_one", "b_two")
    assert changed[slice(*cut("tool", changed, cursor, 9)[:2])] == ("b_one", "b_two")


def test_a_cursor_is_refused_once_its_entry_is_gone():
    cursor = cut("tool", NAMES, None, 2).next_cursor
    with pytest.raises(InvalidRequest, match="from the start"):
        cut("tool", ("a_one", "b_one"), cursor, 2)


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "2", "dG9vbA==", "/w==", "ü", "\ud800", "eyJvIjogMX0="])
def test_a_cursor_that_was_never_given_is_refused(cursor):
    with pytest.raises(InvalidRequest) as refusal:
        cut("tool", NAMES, cursor, 2)
    assert refusal.value.code == -32602
    assert not cursor or cursor not in refusal.value.message.split()


def test_a_cursor_of_another_list_is_refused():
    cursor = cut("tool", NAMES, None, 2).next_cursor
    with pytest.raises(InvalidRequest):
        cut("prompt", NAMES, cursor, 2)


def test_a_cursor_is_no_way_to_learn_what_one_may_not_see():
    cursor = cut("tool", NAMES, None, 2).next_cursor
    with pytest.raises(InvalidRequest):
        cut("tool", ("a_one", "b_one", "b_two"), cursor, 2)


def test_the_catalogs_bytes_have_the_same_pages():
    tools = tuple({"name": name} for name in "abcde")
    encoded = build([Source("upstream", "ns", Listing(tools=tools))]).lists["tool"]
    body, cursor = encoded.page(None, 2)
    assert body == b'"tools":[{"name":"ns_a"},{"name":"ns_b"}]'
    assert cursor == cut("tool", [f"ns_{name}" for name in "abcde"], None, 2).next_cursor
    assert encoded.page(cursor, 9) == (b'"tools":[{"name":"ns_c"},{"name":"ns_d"},{"name":"ns_e"}]', None)
    assert encoded.page(cursor, 1, lambda route: route.original in "abe") == (b'"tools":[{"name":"ns_e"}]', None)
    assert encoded.page(None, 5) == (encoded.body(), None)
