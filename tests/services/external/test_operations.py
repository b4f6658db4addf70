"""Which operations become tools, and their names."""

import re

import pytest

from services.external.operations import MAX_NAME, Operation, chosen, names, only, operations_of
from services.external.references import Unusable
from services.external.settings import ApiSettings

PATHS = {
    "/pets": {
        "parameters": [{"name": "x"}],
        "get": {"operationId": "listPets", "tags": ["pets", "read"]},
        "post": {"operationId": "addPet", "tags": ["pets"]},
        "trace": {"operationId": "traced"},
    },
    "/pets/{id}": {"delete": {"tags": "no list"}, "summary": "One pet"},
    "/stock": {"get": {"operationId": "stock", "tags": ["store"]}, "put": "no operation"},
}
OPERATIONS = list(operations_of(PATHS))


def take(**settings) -> list[str]:
    return [str(each) for each in chosen(OPERATIONS, ApiSettings(document="x", **settings))]


def test_every_operation_with_a_method_that_can_be_sent_is_one():
    assert [(str(each), each.id) for each in OPERATIONS] == [
        ("GET /pets", "listPets"),
        ("POST /pets", "addPet"),
        ("DELETE /pets/{id}", ""),
        ("GET /stock", "stock"),
    ]


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        ({}, ["GET /pets", "POST /pets", "DELETE /pets/{id}", "GET /stock"]),
        ({"tags": ["pets"]}, ["GET /pets", "POST /pets"]),
        ({"tags": ["read", "store"]}, ["GET /pets", "GET /stock"]),
        ({"operations": ["list*", "st?ck"]}, ["GET /pets", "GET /stock"]),
        ({"operations": ["GET *"]}, ["GET /pets", "GET /stock"]),
        ({"operations": ["* /pets*"]}, ["GET /pets", "POST /pets", "DELETE /pets/{id}"]),
        ({"tags": ["pets"], "operations": ["GET *"]}, ["GET /pets"]),
    ],
)
def test_operations_are_taken_by_tag_and_by_glob(settings, taken):
    assert take(**settings) == taken


def test_taking_none_is_an_error_that_says_what_there_is():
    with pytest.raises(Unusable) as refusal:
        take(tags=["Pets"])
    assert str(refusal.value) == (
        "none of its 4 operations is taken. Its tags: pets, read, store; its operations: listPets, addPet, "
        "DELETE /pets/{id}, stock. Correct `tags` and `operations`."
    )


def test_what_is_not_taken_is_cut_out_of_the_paths():
    assert only(PATHS, [OPERATIONS[0]]) == {"/pets": {"parameters": [{"name": "x"}], "get": PATHS["/pets"]["get"]}}


def test_a_name_is_the_apis_and_the_operations():
    assert list(names("shop", OPERATIONS).values()) == [
        "shop_listPets",
        "shop_addPet",
        "shop_delete_pets_id",
        "shop_stock",
    ]


def test_names_hold_to_the_grammar_and_differ_whatever_the_order():
    odd = [
        Operation("get", "/a", "same"),
        Operation("get", "/b", "same"),
        Operation("get", "/c", "sa me"),
        Operation("get", "/d", "sa/me"),
        Operation("get", "/e", "long" * 30),
        Operation("get", "/f", "long" * 30 + "x"),
        Operation("get", "/g", "ünïcode"),
        Operation("get", "/日本"),
        Operation("get", "/"),
    ]
    named = names("an-api-of-20-letters", odd)
    assert names("an-api-of-20-letters", odd[::-1]) == named
    assert len(set(named.values())) == len(odd)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", f"external_{name}") for name in named.values())
    assert MAX_NAME + len("external_") == 64
