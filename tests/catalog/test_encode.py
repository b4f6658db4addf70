"""Lists as bytes: what is encoded is what the owner gave."""

import json

import orjson

from gateway.catalog.catalog import Source, build
from gateway.catalog.encode import EncodedList, encode_result
from gateway.model.listing import Listing

TOOLS = ({"name": "a", "inputSchema": {"$defs": {"x": {"$anchor": "y"}}}}, {"name": "ü", "title": 'say "hi"'})


def listed(kind="tool"):
    return build([Source("upstream", "ns", Listing(tools=TOOLS))]).lists[kind]


def test_the_whole_list_in_the_catalogs_order():
    inside = json.loads(b"{" + listed().body() + b"}")
    assert inside == {"tools": [{**TOOLS[0], "name": "ns_a"}, {**TOOLS[1], "name": "ns__"}]}


def test_an_empty_list_of_each_kind():
    bodies = [EncodedList(kind, []).body() for kind in ("tool", "resource", "template", "prompt")]
    assert bodies == [b'"tools":[]', b'"resources":[]', b'"resourceTemplates":[]', b'"prompts":[]']


def test_a_reader_gets_what_it_may_see():
    assert orjson.loads(b"{" + listed().body(lambda route: route.original == "a") + b"}")["tools"][0]["name"] == "ns_a"
    assert listed().body(lambda _: False) == b'"tools":[]'


def test_the_whole_list_is_made_once():
    entries = listed()
    assert entries.body() is entries.body()


def test_a_result_of_a_list_and_what_goes_with_it():
    body = EncodedList("tool", []).body()
    assert encode_result(body, {}) == b'{"tools":[]}'
    assert (
        encode_result(body, {"resultType": "complete", "ttlMs": 5}) == b'{"tools":[],"resultType":"complete","ttlMs":5}'
    )
