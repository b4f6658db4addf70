"""What was fetched once is not asked for again while its site allows that, and never given to another caller."""

from contextlib import asynccontextmanager

import pytest
from fastmcp import Client
from fastmcp.server.auth.auth import AccessToken
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from services.external.server import Settings, create_server
from tests.services.external.world import raw


@pytest.fixture
async def fetch(serve, site):
    return await serve(
        allow_private_hosts=[site.endpoint],
        methods=["GET", "HEAD", "PUT"],
        allowed_headers=["accept", "accept-language", "if-none-match", "range", "x-api-key"],
    )


def kept(body: bytes, control: str = "max-age=60", **headers: str) -> dict:
    return {"body": body, "content_type": "text/plain", "cache_control": control, **headers}


async def test_a_fresh_answer_is_given_again_without_asking(fetch, site):
    url = site.sends("/", **kept(b"one"))
    first, second = await fetch(url), await fetch(url)
    assert (first.data["text"], first.data["cached"]) == ("one", False)
    assert (second.data["text"], second.data["cached"], second.data["status"]) == ("one", True, 200)
    assert len(site.heard) == 1


async def test_images_and_pages_come_out_of_the_cache_as_they_came_first(fetch, site):
    picture = site.sends("/p", **kept(b"\x89PNG") | {"content_type": "image/png"})
    page = site.sends("/h", **kept(b"<h1>Hi</h1>") | {"content_type": "text/html"})
    for url in (picture, page):
        first, second = await fetch(url), await fetch(url)
        assert second.data["cached"]
        assert first.data["text"] == second.data["text"]
        assert [part.type for part in first.content] == [part.type for part in second.content]


@pytest.mark.parametrize("control", ["no-store", "max-age=0", "no-cache"])
async def test_what_may_not_be_kept_is_asked_for_again(fetch, site, control):
    url = site.sends("/", **kept(b"one", control))
    for _ in range(2):
        assert not (await fetch(url)).data["cached"]
    assert len(site.heard) == 2


async def test_a_stale_answer_is_compared_with_the_site(fetch, site):
    url = site.sends_in_turn(
        "/", raw(b"one", content_type="text/plain", cache_control="max-age=0", etag='"1"'), raw(status=304, etag='"1"')
    )
    first, second = await fetch(url), await fetch(url)
    assert [first.data["text"], second.data["text"]] == ["one", "one"]
    assert (second.data["cached"], second.data["status"]) == (True, 200)
    assert 'if-none-match: "1"' in site.heard[1].lower()


async def test_different_urls_and_variants_are_kept_apart(fetch, site):
    url = site.sends_in_turn(
        "/",
        raw(**kept(b"en", vary="accept-language")),
        raw(**kept(b"de", vary="accept-language")),
        raw(**kept(b"query")),
    )
    for _ in range(2):
        assert (await fetch(url, headers={"accept-language": "en"})).data["text"] == "en"
        assert (await fetch(url, headers={"accept-language": "de"})).data["text"] == "de"
        assert (await fetch(url, params={"a": 1})).data["text"] == "query"
    assert len(site.heard) == 3


async def test_writing_forgets_what_was_kept(fetch, site):
    url = site.sends("/", **kept(b"one"))
    await fetch(url)
    await fetch(url, method="PUT", json={})
    assert not (await fetch(url)).data["cached"]


@pytest.mark.parametrize("headers", [{"x-api-key": "a"}, {"range": "bytes=0-1"}, {"if-none-match": "x"}])
@pytest.mark.parametrize("control", ["max-age=60", "public, max-age=60"])
async def test_an_answer_to_a_credential_or_to_a_question_of_its_own_is_never_kept(fetch, site, headers, control):
    url = site.sends("/", **kept(b"one", control))
    await fetch(url, headers=headers)
    assert not (await fetch(url, headers=headers)).data["cached"]
    assert not (await fetch(url)).data["cached"]
    assert not (await fetch(url, headers=headers)).data["cached"]
    assert len(site.heard) == 4


async def test_an_answer_that_was_cut_is_not_kept(serve, site):
    fetch = await serve(allow_private_hosts=[site.endpoint], max_bytes=10)
    url = site.sends("/", **kept(b"x" * 11))
    for _ in range(2):
        answer = await fetch(url)
        assert (answer.data["truncated"], answer.data["cached"]) == (True, False)


async def test_the_cache_can_be_switched_off(serve, site):
    fetch = await serve(allow_private_hosts=[site.endpoint], cache_bytes=0)
    url = site.sends("/", **kept(b"one"))
    for _ in range(2):
        assert not (await fetch(url)).data["cached"]


@asynccontextmanager
async def calls_of(name: str, server):
    """A client of this server that is authenticated by this name."""
    user = AuthenticatedUser(AccessToken(token=name, client_id=name, subject=name, scopes=[]))
    token = auth_context_var.set(user)
    try:
        async with Client(server) as client:
            yield client
    finally:
        auth_context_var.reset(token)


@pytest.mark.parametrize(
    ("control", "shared"), [("max-age=60", False), ("private, max-age=60", False), ("public, max-age=60", True)]
)
async def test_one_callers_answers_are_not_anothers_unless_they_are_public(site, control, shared):
    url = site.sends("/", **kept(b"one", control))
    server = create_server(Settings(allow_private_hosts=(site.endpoint,)))
    cached = {}
    async with Client(server):  # keeps it running
        for name in ("ann", "bob"):
            async with calls_of(name, server) as client:
                cached[name] = [
                    (await client.call_tool("fetch", {"url": url})).structured_content["cached"] for _ in range(2)
                ]
    assert cached == {"ann": [False, True], "bob": [shared, True]}
