"""What is there at the start is not looked at again, and what becomes garbage later is still found."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.process.garbage import YOUNG, settle


class Node:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_is_there_is_left_alone() -> None:
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == YOUNG


def test_what_came_later_is_found() -> None:
    settle()
    later = weakref.ref(Node())
    assert later() is not None
    gc.collect()
    assert later() is None
