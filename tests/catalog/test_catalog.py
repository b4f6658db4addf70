"""The table of all routes: built whole or not at all, compared, and asked for names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.catalog import EMPTY, Source, build
from gateway.errors import ConfigurationError
from gateway.model.listing import Listing
from tests.upstreams.raw.definitions import PROMPTS, RESOURCES, TEMPLATES, TOOLS

RAW = Listing(tools=TOOLS, resources=RESOURCES, templates=TEMPLATES, prompts=PROMPTS)


def named(*names: str) -> Listing:
    return Listing(tools=tuple({"name": name, "inputSchema": {"type": "object"}} for name in names))


def upstream(namespace: str, listing: Listing) -> Source:
    return Source("upstream", namespace, listing)


def test_repr_counts_and_names_the_owners():
    assert repr(build([upstream("raw", RAW), Source("service", "data", named("query"))])) == (
        f"<Catalog tools={len(TOOLS) + 1} resources=3 templates=1 prompts=2 from raw, data>"
    )
    assert repr(EMPTY) == "<Catalog tools=0 resources=0 templates=0 prompts=0 from nobody>"


def test_a_route_of_each_kind():
    catalog = build([upstream("raw", RAW)])
    assert repr(catalog.tool("raw_echo")) == "<tool raw_echo -> upstream raw:echo>"
    assert repr(catalog.prompt("raw_greet")) == "<prompt raw_greet -> upstream raw:greet>"
    assert repr(catalog.resource("text://raw/raw/notes")) == (
        "<resource text://raw/raw/notes -> upstream raw:text://raw/notes>"
    )
    assert repr(catalog.routes["template"]["text://raw/raw/items/{id}"]) == (
        "<template text://raw/raw/items/{id} -> upstream raw:text://raw/items/{id}>"
    )
    assert catalog.tool("echo") is None
    assert catalog.prompt("raw_echo") is None


def test_a_definition_is_the_owners_but_for_its_name():
    catalog = build([upstream("other", RAW)])
    for tool in TOOLS:
        route = catalog.tool(f"other_{tool['name']}")
        assert route is not None
        assert route.definition == {**tool, "name": f"other_{tool['name']}"}
    book = catalog.resource("opaque://other/urn:raw:book:1")
    assert book is not None
    assert book.definition == {"uri": "opaque://other/urn:raw:book:1", "name": "book"}


@pytest.mark.parametrize(
    ("annotations", "read_only", "repeatable"),
    [
        (None, False, False),
        ({"readOnlyHint": True}, True, True),
        ({"idempotentHint": True}, False, True),
        ({"readOnlyHint": "yes", "idempotentHint": 1}, False, False),
        (["readOnlyHint"], False, False),
    ],
)
def test_only_a_true_hint_makes_a_tool_repeatable(annotations, read_only, repeatable):
    route = build([upstream("x", Listing(tools=({"name": "t", "annotations": annotations},)))]).tool("x_t")
    assert route is not None
    assert (route.read_only, route.repeatable) == (read_only, repeatable)


def test_reads_and_prompts_can_always_be_repeated():
    routes = build([upstream("raw", RAW)]).routes
    assert all(route.repeatable for kind in ("resource", "template", "prompt") for route in routes[kind].values())


def test_a_uri_that_is_not_listed_leads_to_the_owner_of_its_namespace():
    catalog = build([upstream("raw", RAW)])
    route = catalog.resource("text://raw/raw/items/7")
    assert route is not None
    assert (route.namespace, route.original, route.kind) == ("raw", "text://raw/items/7", "resource")
    assert catalog.resource("text://nobody/x") is None
    assert catalog.resource("no uri") is None


def test_the_gateways_own_keep_their_names():
    own = Listing(resources=({"uri": "status://system", "name": "system"},), tools=({"name": "help"},))
    catalog = build([Source("service", "gateway", own, prefixed=False), upstream("raw", RAW)])
    assert repr(catalog.resource("status://system")) == "<resource status://system -> service gateway:status://system>"
    assert catalog.tool("help") is not None


def test_the_namespace_of_a_name():
    catalog = build([upstream("raw", RAW)])
    assert catalog.namespace_of("raw_not_there") == "raw"
    assert catalog.namespace_of("other_echo") is None


def test_equal_names_of_two_owners_are_told_apart():
    catalog = build([upstream("a", named("b_c")), upstream("a-b", named("c"))])
    assert set(catalog.routes["tool"]) == {"a_b_c", "a-b_c"}


def test_two_owners_of_one_namespace_are_refused():
    with pytest.raises(ConfigurationError) as refusal:
        build([Source("service", "data", named("query")), upstream("data", named("other"))])
    assert str(refusal.value) == (
        "gateway.toml: upstreams.data: the namespace is taken by a service of that name\n    Rename one of the two."
    )


def test_one_public_name_of_two_owners_is_refused():
    with pytest.raises(ConfigurationError) as refusal:
        build([upstream("raw", named("echo")), Source("service", "gateway", named("raw_echo"), prefixed=False)])
    assert str(refusal.value) == (
        "gateway.toml: services.gateway: the tool 'raw_echo' is there already, from upstream 'raw'\n"
        "    Rename one of the two."
    )


def test_what_changed():
    old = build([upstream("x", named("stays", "goes", "changes"))])
    changed = ({"name": "changes", "description": "other"}, *named("stays", "comes").tools)
    diff = old.diff(build([upstream("x", Listing(tools=changed, prompts=({"name": "p"},)))]))
    assert diff.added == ("prompt x_p", "tool x_comes")
    assert diff.removed == ("tool x_goes",)
    assert diff.changed == ("tool x_changes",)
    assert diff


def test_nothing_changed():
    assert not build([upstream("raw", RAW)]).diff(build([upstream("raw", RAW)]))
    assert build([upstream("raw", RAW)]) == build([upstream("raw", RAW)])


@given(st.data(), st.lists(st.text("ab.", max_size=3), unique=True, max_size=6))
def test_the_order_of_a_listing_changes_no_route(data, names):
    reordered = data.draw(st.permutations(names))
    assert not build([upstream("x", named(*names))]).diff(build([upstream("x", named(*reordered))]))


@given(st.text(max_size=150))
def test_a_route_keeps_the_original_whatever_its_name(name):
    (route,) = build([upstream("x", named(name))]).routes["tool"].values()
    assert route.original == name
    assert 1 <= len(route.public) <= 64


def test_nothing_in_it_can_be_changed():
    catalog = build([upstream("raw", RAW)])
    with pytest.raises(TypeError):
        catalog.routes["tool"]["raw_new"] = catalog.routes["tool"]["raw_echo"]  # ty: ignore[invalid-assignment]


def test_the_page_of_an_upstreams_tool_can_be_read_under_the_uri_that_its_definition_names():
    tool = {"name": "a", "_meta": {"ui": {"resourceUri": "ui://x/page"}}}
    catalog = build([Source("upstream", "ns", Listing(tools=(tool,)))])
    uri = catalog.routes["tool"]["ns_a"].definition["_meta"]["ui"]["resourceUri"]
    route = catalog.resource(uri)
    assert route is not None
    assert (route.namespace, route.original) == ("ns", "ui://x/page")
