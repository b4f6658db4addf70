"""Methods, headers and bodies: what the operator allows goes out, and nothing else does."""

import json

import pytest

from services.external.settings import Settings
from tests.services.external.world import Sockets, network


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "canary"},
        {"cookie": "canary"},
        {"host": "canary"},
        {"accept": "canary\r\nx: y"},
        {"accept": "ü"},
    ],
)
async def test_headers_that_may_not_be_sent_are_refused_without_being_repeated(serve, headers):
    sockets = Sockets()
    fetch = await serve(network(sockets))
    answer = await fetch("http://api.example.com/", headers=headers)
    assert answer.error.startswith("A header")
    assert "canary" not in answer.error
    assert sockets.opened == []


@pytest.fixture
async def write(serve, site):
    site.sends("/", b"done", content_type="text/plain")
    return await serve(allow_private_hosts=[site.endpoint], methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_json_is_sent_with_a_method_that_writes(write, site, method):
    answer = await write(site.url("/"), method=method, json={"a": [1, None, "ü"]})
    assert answer.data["text"] == "done"
    assert site.heard[0].startswith(f"{method} / ")
    assert "content-type: application/json" in site.heard[0].lower()
    assert json.loads(site.bodies[0]) == {"a": [1, None, "ü"]}


async def test_a_form_is_sent_as_a_browser_sends_it(write, site):
    await write(site.url("/"), method="POST", form={"name": "a b&c", "tag": ["x", "y"], "n": 3, "on": True})
    assert "content-type: application/x-www-form-urlencoded" in site.heard[0].lower()
    assert site.bodies[0] == b"name=a+b%26c&tag=x&tag=y&n=3&on=true"


async def test_a_method_that_writes_needs_no_body(write, site):
    await write(site.url("/"), method="delete")
    assert site.heard[0].startswith("DELETE / ")
    assert site.bodies == [b""]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "HEAD"}, "The method is not allowed here. Use GET or POST"),
        ({"method": "TRACE"}, "The method is not allowed here."),
        ({"method": "GET\r\nx: y"}, "The method is not allowed here."),
        ({"method": "POST", "json": {}, "form": {}}, "Give `json` or `form`, not both"),
        ({"json": {"a": 1}}, "GET takes no body."),
        ({"form": {}}, "GET takes no body."),
    ],
)
async def test_what_is_not_allowed_is_refused_before_a_socket_opens(serve, arguments, words):
    sockets = Sockets()
    fetch = await serve(network(sockets), methods=["GET", "POST"])
    answer = await fetch("http://api.example.com/", **arguments)
    assert words in answer.error
    assert sockets.opened == []


async def test_nothing_is_written_until_the_operator_allows_it(serve):
    assert set(Settings().methods) == {"GET", "HEAD"}
    sockets = Sockets()
    fetch = await serve(network(sockets))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert "Use GET or HEAD" in (await fetch("http://api.example.com/", method=method)).error
    assert sockets.opened == []


async def test_a_header_that_the_operator_allows_is_sent(serve, site):
    site.sends("/", b"")
    fetch = await serve(allow_private_hosts=[site.endpoint], allowed_headers=["X-Api-Key"])
    await fetch(site.url("/"), headers={"x-api-key": "mine"})
    assert "x-api-key: mine" in site.heard[0]
    assert "Allowed are x-api-key." in (await fetch(site.url("/"), headers={"accept": "a/b"})).error
