"""The list of requirements and the tests hold to each other, both ways."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.requirements import REQUIREMENTS, Requirement

FOLDER = Path(__file__).parent
SOURCE = r"gateway|(20\d\d-\d\d-\d\d [a-z-]+(/[a-z-]+)*|SEP-\d+)#[a-z0-9_-]+"


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every test function of this folder but those about the list itself."""
    for file in sorted(FOLDER.glob("test_*.py")):
        if file != Path(__file__):
            module = importlib.import_module(f"tests.contract.{file.stem}")
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if name.startswith("test_") and function.__module__ == module.__name__:
                    yield f"{file.name}::{name}", function


def cited(function: Callable[..., object]) -> set[str]:
    marks = getattr(function, "pytestmark", [])
    return {id for mark in marks if mark.name == "requirement" for id in mark.args}


CITED = {name: cited(function) for name, function in functions()}
IDS = [each.id for each in REQUIREMENTS]


def test_ids_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=IDS)
def test_a_requirement_names_its_paragraph_and_has_a_test(requirement: Requirement) -> None:
    assert re.fullmatch(SOURCE, requirement.source)
    assert any(requirement.id in ids for ids in CITED.values()), "no test cites it"


@pytest.mark.parametrize("name", CITED)
def test_a_test_cites_what_it_shows(name: str) -> None:
    assert CITED[name], "cites no requirement"
    assert CITED[name] <= set(IDS), "cites something that is not on the list"
