"""The same request gets the same answer from either door, but for what is listed."""

import json

import pytest
from hypothesis import given

from tests.docs.blocks import ROOT, section
from tests.doors_agree.conftest import CHOSEN, MORE, Doors
from tests.doors_agree.differences import DIFFERENCES, Difference, at, is_stream, leveled
from tests.doors_agree.exchange import Sent
from tests.doors_agree.found import FOUND, call, legacy_verbatim, verbatim
from tests.doors_agree.generate import broken, in_pieces, odd_results, requests


def check(doors: Doors, sent: Sent) -> None:
    main, express = map(leveled, doors.answers(sent))
    assert str(express) == str(main)


pytestmark = pytest.mark.timeout(300 if not MORE else 0)  # of many requests each


@CHOSEN
@given(sent=requests("modern"))
def test_modern_requests(doors: Doors, sent: Sent) -> None:
    check(doors, sent)


@CHOSEN
@given(sent=requests("legacy"))
def test_legacy_requests(doors: Doors, sent: Sent) -> None:
    check(doors, sent)


@CHOSEN
@given(sent=broken())
def test_bodies_that_are_not_what_they_should_be(doors: Doors, sent: Sent) -> None:
    check(doors, sent)


@CHOSEN
@given(sent=in_pieces())
def test_bodies_that_come_in_pieces_or_never_whole(doors: Doors, sent: Sent) -> None:
    check(doors, sent)


@CHOSEN
@given(sent=odd_results())
def test_upstreams_that_answer_oddly(doors: Doors, sent: Sent) -> None:
    """After each a right call: an upstream that fails too often in a row would be left alone, and say no more."""
    namespace = json.loads(sent.body)["params"]["name"].partition("_")[0]
    check(doors, sent)
    check(doors, call(f"{namespace}_given", {}))


@pytest.mark.parametrize("sent", FOUND.values(), ids=FOUND)
def test_what_was_found_once(doors: Doors, sent: Sent) -> None:
    check(doors, sent)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.says)
def test_what_is_listed_occurs(doors: Doors, difference: Difference) -> None:
    main, express = doors.answers(verbatim("modern_verbatim", **difference.result))
    found = at(main, difference.at), at(express, difference.at)
    assert [repr(each) for each in found] == [repr(difference.main), repr(difference.express)]
    assert str(leveled(express)) == str(leveled(main))


def test_a_legacy_answer_at_once_is_a_stream_at_the_main_door_only(doors: Doors) -> None:
    main, express = doors.answers(legacy_verbatim("session_verbatim", content=[]))
    assert [is_stream(main), is_stream(express)] == [True, False]
    assert str(leveled(express)) == str(leveled(main))


def test_the_docs_list_the_same() -> None:
    told = section(ROOT / "docs" / "protocol.md", "Listed differences")
    bullets = [line.removeprefix("- ").rstrip(";.") for line in told.splitlines() if line.startswith("- ")]
    assert bullets == [difference.says for difference in DIFFERENCES]
