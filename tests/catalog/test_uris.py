"""Public URIs: every URI and template of an owner has one, and it leads back to just that one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.uris import publish_content, publish_result, publish_tool, to_original, to_public

uris = st.text(max_size=40) | st.from_regex(r"[a-zA-Z+.-]{0,6}(://|:|/|\{)[a-z/:{}?#]*", fullmatch=True)


@pytest.mark.parametrize(
    ("original", "public"),
    [
        ("text://raw/notes", "text://ns/raw/notes"),
        ("file:///etc/hosts", "file://ns//etc/hosts"),
        ("text://raw/items/{id}", "text://ns/raw/items/{id}"),
        ("status://system", "status://ns/system"),
        ("urn:isbn:0451450523", "opaque://ns/urn:isbn:0451450523"),
        ("notes.txt", "opaque://ns/notes.txt"),
        ("{scheme}://x", "opaque://ns/{scheme}://x"),
        ("opaque://x", "opaque://ns/opaque://x"),
        ("OPAQUE://x", "opaque://ns/OPAQUE://x"),
        ("urn:see?at=http://x", "opaque://ns/urn:see?at=http://x"),
        ("", "opaque://ns/"),
    ],
)
def test_a_uri_and_its_public_form(original, public):
    assert to_public("ns", original) == public
    assert to_original(public) == ("ns", original)


@given(uris)
def test_every_uri_comes_back(original):
    assert to_original(to_public("ns", original)) == ("ns", original)


@given(st.text(max_size=20), st.sampled_from(["a://b/{}", "urn:x:{}"]))
def test_what_is_expanded_from_a_public_template_leads_to_what_is_expanded_from_the_owners(value, template):
    original = template.replace("{}", "{v}")
    assert to_original(to_public("ns", original).replace("{v}", value)) == ("ns", original.replace("{v}", value))


@pytest.mark.parametrize("uri", ["", "text://", "text://ns", "://ns/x", "text:///x", "urn:x:y"])
def test_no_public_uri(uri):
    found = to_original(uri)
    assert found is None or to_public(*found) != uri


def test_links_and_embedded_resources_in_a_tools_result():
    link = {"type": "resource_link", "uri": "text://a/b", "name": "b", "size": 3}
    embedded = {"type": "resource", "resource": {"uri": "urn:x", "text": "t"}, "annotations": {"priority": 1}}
    words = {"type": "text", "text": "text://a/b"}
    odd = ["no object", {"type": "resource_link"}, {"type": "resource", "resource": None}]
    result = {"content": [link, embedded, words, *odd], "isError": True, "_meta": {"k": "v"}}
    assert publish_result("ns", "tools/call", result) == {
        "content": [
            {**link, "uri": "text://ns/a/b"},
            {**embedded, "resource": {"uri": "opaque://ns/urn:x", "text": "t"}},
            words,
            *odd,
        ],
        "isError": True,
        "_meta": {"k": "v"},
    }
    assert link["uri"] == "text://a/b"


def test_contents_of_a_read_and_blocks_of_a_prompt():
    read = {"contents": [{"uri": "text://a/b", "text": "t"}, {"text": "no uri"}]}
    assert publish_result("ns", "resources/read", read) == {
        "contents": [{"uri": "text://ns/a/b", "text": "t"}, {"text": "no uri"}]
    }
    message = {"role": "user", "content": {"type": "resource", "resource": {"uri": "a://b", "text": "t"}}}
    assert publish_result("ns", "prompts/get", {"messages": [message, "odd"]}) == {
        "messages": [{"role": "user", "content": publish_content("ns", message["content"])}, "odd"]
    }


@pytest.mark.parametrize("method", ["tools/call", "resources/read", "prompts/get", "completion/complete"])
@pytest.mark.parametrize("result", [{}, {"content": None, "contents": "x", "messages": 3}])
def test_a_result_of_another_shape_is_left_alone(method, result):
    assert publish_result("ns", method, result) is result


def test_the_page_of_a_tool_is_public_wherever_its_uri_stands():
    meta = {"ui": {"resourceUri": "ui://x/page", "visibility": ["app"]}, "ui/resourceUri": "ui://x/page", "other": 1}
    assert publish_tool("ns", {"name": "a", "_meta": meta})["_meta"] == {
        "ui": {"resourceUri": "ui://ns/x/page", "visibility": ["app"]},
        "ui/resourceUri": "ui://ns/x/page",
        "other": 1,
    }


@pytest.mark.parametrize("meta", [None, [], {}, {"ui": None}, {"ui": {"resourceUri": 5}}, {"ui/resourceUri": None}])
def test_a_tool_without_a_page_stays_as_it_is(meta):
    definition = {"name": "a", "_meta": meta}
    assert publish_tool("ns", definition) == definition
