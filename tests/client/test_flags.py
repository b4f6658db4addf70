"""Arguments from words of a command line, typed by the tool's schema."""

from typing import Any

import pytest

from gateway.client.flags import arguments_from
from gateway.client.schema import parameters_of
from gateway.errors import InvalidRequest

PARAMETERS = parameters_of(
    {
        "properties": {
            "text": {"type": "string"},
            "page_size": {"type": "integer"},
            "ratio": {"type": "number"},
            "dry-run": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "numbers": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "integer"}]},
            "where": {"type": "object"},
            "value": {"type": ["string", "integer"]},
            "how": {"enum": ["loud", 2]},
            "any": {},
        }
    }
)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("--text hello", {"text": "hello"}),
        ("--text=a=b", {"text": "a=b"}),
        ("--text 10", {"text": "10"}),
        ("--text --text", {"text": "--text"}),
        ("--page-size 10 --ratio 3", {"page_size": 10, "ratio": 3}),
        ("--page_size=-1 --ratio -0.5", {"page_size": -1, "ratio": -0.5}),
        ("--dry-run --text a", {"dry-run": True, "text": "a"}),
        ("--no-dry-run", {"dry-run": False}),
        ("--dry-run=false", {"dry-run": False}),
        ("--tags a --tags 1", {"tags": ["a", "1"]}),
        ('--tags ["a","b"]', {"tags": ["a", "b"]}),
        ("--numbers 1 --numbers 2", {"numbers": [1, 2]}),
        ("--numbers 1", {"numbers": 1}),
        ('--where {"a":1}', {"where": {"a": 1}}),
        ("--value 1 ", {"value": 1}),
        ("--value one", {"value": "one"}),
        ("--how loud", {"how": "loud"}),
        ("--how 2", {"how": 2}),
        ("--any [1]", {"any": [1]}),
        ("--any one", {"any": "one"}),
        ("page_size=10 text=ten new={}", {"page_size": 10, "text": "ten", "new": {}}),
        ("", {}),
    ],
)
def test_words_are_typed(words: str, arguments: dict[str, Any]):
    assert arguments_from(words.split(), PARAMETERS) == arguments


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--page-size CANARY", "--page_size must be a whole number"),
        ("--page-size 1.5", "--page_size must be a whole number"),
        ("--ratio NaN", "--ratio must be a number"),
        ("--page-size", "--page_size needs a value: a whole number"),
        ("--dry-run=CANARY", "--dry-run must be true or false"),
        ("--where CANARY", "--where must be a JSON object"),
        ("--where [1]", "--where must be a JSON object"),
        ("--numbers 1 --numbers CANARY", "--numbers must be a whole number"),
        ("--how CANARY", "--how must be one of loud, 2"),
        ("--text a --text b", "--text is given twice"),
        ("--page-siz 1", "no argument --page-siz. Did you mean --page_size"),
        ("--no-text", "no argument --no-text"),
        ("-x", "no argument --x. --help after"),
        ("CANARY", "neither key=value nor a flag"),
        ("=CANARY", "neither key=value nor a flag"),
    ],
)
def test_what_does_not_fit_is_named_with_the_cure_and_without_its_value(words: str, said: str):
    with pytest.raises(InvalidRequest) as caught:
        arguments_from(words.split(), PARAMETERS)
    assert said in caught.value.message
    assert "CANARY" not in caught.value.message
