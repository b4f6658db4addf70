"""One fetch from outside: parameters, headers, redirects, deadlines, and what goes wrong."""

import asyncio

import httpx
import pytest
import respx

from tests.services.external.world import PUBLIC, Names, Sockets, network


@respx.mock
async def test_an_api_is_asked_with_parameters_and_headers(serve):
    route = respx.get("https://api.example.com/v1/items").mock(
        return_value=httpx.Response(200, json={"items": []}, headers={"etag": '"7"', "set-cookie": "a=b", "x-own": "1"})
    )
    fetch = await serve()
    answer = await fetch(
        "https://api.example.com/v1/items?page=2",
        params={"q": "a b", "tag": ["x", "y"], "n": 3},
        headers={"Accept": "a/b"},
    )
    request = route.calls.last.request
    assert dict(request.url.params.multi_items()) == {"page": "2", "q": "a b", "tag": "y", "n": "3"}
    assert request.url.params.get_list("tag") == ["x", "y"]
    assert (request.headers["accept"], request.headers["user-agent"]) == ("a/b", "one-url-gateway")
    assert answer.data == {
        "status": 200,
        "url": str(request.url),
        "content_type": "application/json",
        "headers": {"etag": '"7"', "content-length": "12"},
        "json": {"items": []},
        "text": None,
        "truncated": False,
    }


@respx.mock
@pytest.mark.parametrize("status", [404, 500])
async def test_an_error_status_is_an_answer_like_any_other(serve, status):
    respx.get("https://api.example.com/").mock(return_value=httpx.Response(status, text="no"))
    answer = await (await serve())("https://api.example.com/")
    assert (answer.data["status"], answer.data["text"]) == (status, "no")


@respx.mock
async def test_the_url_is_checked_before_any_transport_sees_it(serve):
    route = respx.route().mock(return_value=httpx.Response(200))
    fetch = await serve(allowed_hosts=["*.example.com"])
    for url in ("http://127.0.0.1/", "http://api.example.org/", "http://api.example.com:22/"):
        assert (await fetch(url)).error is not None
    assert not route.called


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


async def test_a_real_server_on_loopback_answers_once_it_is_opened(serve, site):
    url = site.sends("/data", b'{"a": 1}', content_type="application/json")
    closed = await serve()
    assert "not allowed" in (await closed(url)).error
    fetch = await serve(allow_private_hosts=[site.endpoint])
    answer = await fetch(url)
    assert (answer.data["status"], answer.data["json"], answer.data["url"]) == (200, {"a": 1}, url)
    assert [head.splitlines()[0] for head in site.heard] == ["GET /data HTTP/1.1"]


async def test_head_brings_the_headers_alone(serve, site):
    site.answers["/"] = b"HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 99\r\nconnection: close\r\n\r\n"
    fetch = await serve(allow_private_hosts=[site.endpoint])
    answer = await fetch(site.url("/"), method="HEAD")
    assert answer.data["headers"] == {"etag": "x", "content-length": "99"}
    assert site.heard[0].startswith("HEAD / ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(serve, site, status):
    site.sends("/new", b"moved", content_type="text/plain")
    fetch = await serve(allow_private_hosts=[site.endpoint])
    answer = await fetch(site.sends("/old", status=status, location="/new"))
    assert (answer.data["text"], answer.data["url"]) == ("moved", site.url("/new"))


@pytest.mark.parametrize(("redirects", "well"), [(5, True), (6, False)])
async def test_five_redirects_are_followed_and_no_more(serve, site, redirects, well):
    for number in range(redirects):
        site.sends(f"/{number}", status=302, location=f"/{number + 1}")
    site.sends(f"/{redirects}", b"end", content_type="text/plain")
    answer = await (await serve(allow_private_hosts=[site.endpoint]))(site.url("/0"))
    assert answer.data.get("text") == ("end" if well else None)
    assert well or "redirects more than 5 times" in answer.error
    assert len(site.heard) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "http://inside.example.com/",
        "//169.254.169.254/latest/meta-data/",
        "http://127。0。0。1/",
        "http://api.example.com:22/",
        "http://user:word@api.example.com/",
        "file:///etc/passwd",
        "http://[bad/",
    ],
)
async def test_a_redirect_to_where_it_may_not_go_opens_no_socket(serve, site, location):
    site.sends("/", status=302, location=location)
    sockets = Sockets(site.port)
    fetch = await serve(network(sockets, Names({"inside.example.com": [["10.0.0.1"]]})))
    answer = await fetch("http://api.example.com/")
    assert answer.error is not None
    assert "word" not in answer.error
    assert (sockets.opened, len(site.heard)) == ([(PUBLIC, 80)], 1)


async def test_what_one_caller_is_sent_is_not_sent_on_for_another(serve, site):
    url = site.sends("/", set_cookie="canary=1; Path=/")
    fetch = await serve(allow_private_hosts=[site.endpoint])
    await fetch(url)
    await fetch(url)
    assert "canary" not in site.heard[1]


async def test_no_proxy_is_taken_from_the_environment(serve, site, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, site.url("/proxy"))
    sockets = Sockets()
    await (await serve(network(sockets)))("http://api.example.com/")
    assert (sockets.opened, site.heard) == ([(PUBLIC, 80)], [])


@pytest.mark.parametrize("limit", [{"timeout": 0.2}, {"timeout": 30.0}])
async def test_an_answer_that_does_not_come_ends_at_the_deadline(serve, site, limit):
    fetch = await serve(allow_private_hosts=[site.endpoint], **limit)
    arguments = {"timeout": 0.2} if limit["timeout"] > 1 else {"timeout": 20}
    async with asyncio.timeout(2):
        answer = await fetch(site.url("/never"), **arguments)
    assert answer.error == ("The site did not give its whole answer within 0.2 s. Try again later, or ask for less.")


async def test_the_deadline_covers_a_body_that_stops(serve, site):
    site.answers["/half"] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"
    site.held.add("/half")
    fetch = await serve(allow_private_hosts=[site.endpoint], timeout=0.2)
    assert "within 0.2 s" in (await fetch(site.url("/half"))).error


async def test_the_deadline_covers_the_resolver(serve):
    async def resolve_never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return [PUBLIC]

    fetch = await serve(network(Sockets(), resolve_never), timeout=0.2)
    assert "within 0.2 s" in (await fetch("http://api.example.com/")).error


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not valid HTTP"),
        (b"", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "not valid HTTP"),
    ],
)
async def test_an_answer_that_is_not_http_is_an_error(serve, site, raw, words):
    site.answers["/"] = raw
    answer = await (await serve(allow_private_hosts=[site.endpoint]))(site.url("/"))
    assert words in answer.error


async def test_a_closed_port_is_said_plainly(serve):
    answer = await (await serve(network(Sockets())))("http://api.example.com/")
    assert answer.error.startswith("The site could not be connected to:")
