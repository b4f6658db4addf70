"""Resources and templates: listed and read under their public URIs, through every pairing of eras."""

import base64

import pytest
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served
from tests.upstreams.raw.definitions import BOOK, NOTES_TEXT, PIXEL, RESOURCES, TEMPLATES, VENDOR

INVALID_PARAMS = -32602


def public(namespace: str, uri: str) -> str:
    """As `pairs.Pair.uri`, for URIs without an authority too."""
    scheme, separator, rest = uri.partition("://")
    return f"{scheme}://{namespace}/{rest}" if separator else f"opaque://{namespace}/{uri}"


@requirement("resources.list", "resources.templates")
@pytest.mark.parametrize("era", CLIENTS)
async def test_definitions_come_through_with_their_uris_changed_and_nothing_else(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        resources = (await client.ask("resources/list")).result["resources"]
        templates = (await client.ask("resources/templates/list")).result["resourceTemplates"]
    for kind in RAW:
        expected = [{**each, "uri": public(kind.namespace, each["uri"])} for each in RESOURCES]
        assert [each for each in resources if each in expected] == expected
        for each in TEMPLATES:
            assert {**each, "uriTemplate": public(kind.namespace, each["uriTemplate"])} in templates


@requirement("eras.pairing", "resources.read", "resources.templates")
@pairs()
async def test_what_any_upstream_lists_can_be_read(pair: Pair) -> None:
    async with pair.client() as client:
        (notes,) = [
            each for each in await client.list_resources() if each.uri == pair.uri(f"text://{pair.kind.home}/notes")
        ]
        assert (await client.read_resource(notes.uri))[0].text.startswith("Notes of a ")
        item = pair.uri(f"text://{pair.kind.home}/items/")
        templates = [each.uri_template for each in await client.list_resource_templates()]
        assert any(template.startswith(item) for template in templates)
        (read,) = await client.read_resource(f"{item}7")
        assert "7" in read.text
        assert str(read.uri) == f"{item}7"


@requirement("resources.read", "resources.unlisted", "meta.vendor")
@pairs(RAW)
async def test_text_bytes_and_whole_uris_come_back(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        notes = (await client.ask("resources/read", uri=pair.uri("text://raw/notes"))).result
        pixel = (await client.ask("resources/read", uri=pair.uri("blob://raw/pixel.png"))).result
        book = (await client.ask("resources/read", uri=public(pair.kind.namespace, BOOK))).result
        unlisted = (await client.ask("resources/read", uri=pair.uri("text://raw/unlisted"))).result
    assert notes["contents"] == [
        {
            "uri": pair.uri("text://raw/notes"),
            "mimeType": "text/plain",
            "text": NOTES_TEXT,
            "_meta": {VENDOR: "contents notes"},
        }
    ]
    assert notes["_meta"][VENDOR] == "result read"
    assert pixel["contents"] == [{"uri": pair.uri("blob://raw/pixel.png"), "mimeType": "image/png", "blob": PIXEL}]
    assert base64.b64decode(pixel["contents"][0]["blob"]).startswith(b"\x89PNG")
    assert book["contents"] == [{"uri": f"opaque://{pair.kind.namespace}/{BOOK}", "text": "A book."}]
    assert unlisted["contents"][0]["text"] == "Not on any list."


@requirement("resources.unknown")
@pairs()
async def test_a_resource_that_the_upstream_does_not_know_is_a_protocol_error(pair: Pair) -> None:
    async with pair.client() as client:
        with pytest.raises(MCPError) as refusal:
            await client.read_resource(pair.uri(f"text://{pair.kind.home}/nothing"))
    assert refusal.value.error.code in ((INVALID_PARAMS, 0) if pair.kind.home == "legacy" else (INVALID_PARAMS,))


@requirement("resources.unknown")
@pytest.mark.parametrize(
    "uri", ["text://nobody/notes", "nothing", "", "://", "text://", "text://own/nothing", "opaque://nobody/urn:a:b"]
)
@pytest.mark.parametrize("era", CLIENTS)
async def test_a_uri_that_nobody_has_is_a_protocol_error(gateway: Served, era: Era, uri: str) -> None:
    async with wire(gateway.url, era) as client:
        assert (await client.ask("resources/read", uri=uri)).error["code"] == INVALID_PARAMS


@requirement("resources.read", "resources.templates")
@pytest.mark.parametrize("era", CLIENTS)
async def test_resources_of_a_service_are_read_beside_them(gateway: Served, era: Era) -> None:
    async with wire(gateway.url, era) as client:
        notes = (await client.ask("resources/read", uri="text://own/notes")).result
        item = (await client.ask("resources/read", uri="text://own/items/3")).result
    assert [notes["contents"][0]["text"], item["contents"][0]["text"]] == ["Notes of a service.", "Item 3."]
