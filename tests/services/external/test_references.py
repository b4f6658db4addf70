"""References of OpenAPI documents: inside, to something, and in no circle that has no end."""

from typing import Any

import pytest

from services.external.references import Unusable, check_references, resolved


def schemas(**named: Any) -> dict[str, Any]:
    return {"components": {"schemas": named}}


def to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


TREE = {"type": "object", "properties": {"children": {"type": "array", "items": to("Node")}}}


@pytest.mark.parametrize(
    "document",
    [
        schemas(Node=TREE),
        schemas(Node={"properties": {"other": to("Leaf")}}, Leaf={"properties": {"back": to("Node")}}),
        schemas(Node={"allOf": [to("Leaf")]}, Leaf={"properties": {"up": to("Node")}}),
        schemas(A=to("B"), B=to("C"), C={"type": "string"}),
        schemas(A={"properties": {"$ref": {"type": "string"}}}),
        schemas(A={"example": {"$ref": "no reference"}, "default": {"$ref": "../x"}, "enum": [{"$ref": "y"}]}),
        {
            "paths": {"/a/{b}": {"get": {}}},
            "x": {"$ref": "#/paths/~1a~1%7Bb%7D/get"},
            "list": [{}],
            "y": {"$ref": "#/list/0"},
        },
    ],
)
def test_references_that_lead_somewhere_are_well_even_round_a_tree(document):
    check_references(document)


@pytest.mark.parametrize(
    ("document", "circle"),
    [
        (schemas(A=to("A")), "A → A"),
        (schemas(A=to("B"), B=to("A")), "A → B → A|B → A → B"),
        (schemas(A={"allOf": [to("B")]}, B={"allOf": [{"oneOf": [to("A")]}]}), "A → B → A|B → A → B"),
        (schemas(A={"anyOf": [{"type": "string"}, to("A")]}, B=to("A")), "A → A"),
    ],
)
def test_a_circle_without_an_end_is_named(document, circle):
    with pytest.raises(Unusable) as refusal:
        check_references(document | {"use": [to("A"), to("A")]})
    text = str(refusal.value).replace("#/components/schemas/", "")
    assert any(f"run in a circle: {each}." in text for each in circle.split("|"))


@pytest.mark.parametrize("reference", ["#/components/schemas/B", "#/list/1", "#/list/x", "#/list/-1", "#/text/0"])
def test_a_reference_to_nothing_is_named(reference):
    with pytest.raises(Unusable, match=f"refers to '{reference}', which is not in it"):
        check_references({"list": [{}], "text": "abc", "use": {"$ref": reference}})


@pytest.mark.parametrize(
    "reference", ["http://127.0.0.1/x.json#/A", "other.yaml#/A", "../a.json", "file:///etc/passwd", "#A", "", "#"]
)
def test_nothing_outside_of_the_document_is_ever_fetched(reference):
    with pytest.raises(Unusable, match="outside of it, and nothing is fetched for it"):
        check_references({"use": [{"$ref": reference}]})


def test_what_a_reference_leads_to():
    document = {"a/b": {"~": [1, {"c d": 2}]}}
    assert resolved(document, "#/a~1b/~0/1/c%20d") == 2
