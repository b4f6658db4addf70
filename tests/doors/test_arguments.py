"""Wrong arguments in words: where, and what is wrong, and nothing of what was sent."""

from typing import Annotated, Any, Literal

import pytest
from fastmcp.exceptions import ToolError
from fastmcp.exceptions import ValidationError as ArgumentError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from gateway.doors.arguments import argument_error, shown


class Circle(BaseModel):
    kind: Literal["circle"]


class Square(BaseModel):
    kind: Literal["square"]


class Arguments(BaseModel, extra="forbid"):
    text: str = ""
    times: int = 1
    colour: Literal["red", "blue"] = "red"
    shape: Annotated[Circle | Square, Field(discriminator="kind")] = Circle(kind="circle")
    many: list[int] = []


def told(**arguments: Any) -> str:
    """What is said of these arguments, as FastMCP would raise the fault."""
    try:
        TypeAdapter(Arguments).validate_python(arguments)
    except ValidationError as fault:
        error = ArgumentError("canary")
        error.__cause__ = fault
        answer = argument_error(error)
        assert isinstance(answer, ToolError)
        return str(answer)
    raise AssertionError("the arguments are right")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": ["canary"]}, "text: Input should be a valid string"),
        ({"times": "canary"}, "times: Input should be a valid integer"),
        ({"colour": "canary"}, "colour: Input should be 'red' or 'blue'"),
        ({"shape": {"kind": "canary"}}, "shape: is none of the kinds that are possible here"),
        ({"many": [1, "canary"]}, "many.1: Input should be a valid integer"),
    ],
)
def test_a_fault_is_told_by_its_place_and_without_the_value(arguments: dict[str, Any], words: str) -> None:
    said = told(**arguments)
    assert words in said
    assert "canary" not in said


def test_an_argument_that_the_tool_does_not_have_is_named() -> None:
    assert told(shout=True) == "The arguments do not fit the tool's schema. shout: Extra inputs are not permitted."


def test_faults_past_the_fifth_are_counted() -> None:
    said = told(**{f"no{number}": 1 for number in range(8)})
    assert said.count("Extra inputs") == 5
    assert said.endswith("And 3 more.")


def test_a_name_is_shown_short_and_printable() -> None:
    assert shown("a\r\n\x1b[31m\u202eb") == "a[31mb"
    assert shown("x" * 1000) == "x" * 80
    assert "\r" not in told(**{"a\r\nb": 1})


def test_a_fault_of_another_kind_is_raised_as_it_is() -> None:
    error = ArgumentError("said by the service")
    assert argument_error(error) is error
