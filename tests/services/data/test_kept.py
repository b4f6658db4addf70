"""Results kept to page through: whose they are, how many, how large and how old they get."""

import json

import pytest

from services.data import kept as module
from services.data.kept import KeptResults, page
from services.workers.job import Refused

COLUMNS = [{"name": "n", "type": "BIGINT"}]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def results(clock: Clock) -> KeptResults:
    return KeptResults(60, clock)


def keep(results: KeptResults, owner: str = "ada", rows: int = 10) -> str:
    return results.keep(owner, COLUMNS, b"\n".join(b"[%d]" % number for number in range(rows)), complete=True)


def is_kept(results: KeptResults, result_id: str, owner: str = "ada") -> bool:
    try:
        results.find(owner, result_id)
    except Refused:
        return False
    return True


def test_pages_follow_one_another_to_the_end(results: KeptResults) -> None:
    found = results.find("ada", keep(results))
    pages, offset = [], 0
    while offset is not None:
        pages.append(json.loads(page(found, offset, max_rows=4, max_bytes=1_000)))
        offset = pages[-1]["next_offset"]
    assert [each["rows"] for each in pages] == [[[0], [1], [2], [3]], [[4], [5], [6], [7]], [[8], [9]]]
    assert pages[1] | {"rows": []} == {
        "columns": COLUMNS,
        "rows": [],
        "offset": 4,
        "row_count": 4,
        "next_offset": 8,
        "kept_rows": 10,
        "complete": True,
    }


def test_a_page_is_bounded_in_bytes(results: KeptResults) -> None:
    found = results.find("ada", keep(results))
    assert json.loads(page(found, 2, max_rows=100, max_bytes=7))["rows"] == [[2], [3]]


@pytest.mark.parametrize("offset", [-1, 10, 10**20])
def test_an_offset_outside_is_refused(results: KeptResults, offset: int) -> None:
    with pytest.raises(Refused, match="outside the 10 rows"):
        page(results.find("ada", keep(results)), offset, 10, 1_000)


def test_only_its_owner_finds_a_result(results: KeptResults) -> None:
    result_id = keep(results)
    with pytest.raises(Refused) as of_another:
        results.find("bob", result_id)
    with pytest.raises(Refused) as of_nobody:
        results.find("bob", "x")
    assert str(of_another.value) == str(of_nobody.value)
    assert is_kept(results, result_id)


def test_ids_are_long_and_differ(results: KeptResults) -> None:
    ids = {keep(results) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(each) >= 22 for each in ids)


def test_a_result_goes_when_its_time_is_over(results: KeptResults, clock: Clock) -> None:
    result_id = keep(results)
    clock.now = 59.9
    assert is_kept(results, result_id)
    clock.now = 60.0
    assert not is_kept(results, result_id)


def test_one_caller_pushes_out_only_its_own(results: KeptResults) -> None:
    of_bob = keep(results, "bob")
    of_ada = [keep(results) for _ in range(module.MAX_PER_OWNER + 3)]
    assert [is_kept(results, each) for each in of_ada] == [False] * 3 + [True] * module.MAX_PER_OWNER
    assert is_kept(results, of_bob, "bob")


def test_number_and_bytes_of_all_are_bounded(results: KeptResults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RESULTS", 3)
    ids = [(str(number), keep(results, str(number))) for number in range(5)]
    assert [is_kept(results, each, owner) for owner, each in ids] == [False, False, True, True, True]
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    newest = keep(results, "z", rows=20)
    assert is_kept(results, newest, "z")
    assert not any(is_kept(results, each, owner) for owner, each in ids)
