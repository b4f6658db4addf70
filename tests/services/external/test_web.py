"""One exchange from outside: redirects, deadlines, and what goes wrong."""

import asyncio
import contextlib

import httpx
import pytest
import respx

from tests.services.external.world import PUBLIC, Names, Sockets, network


@respx.mock
async def test_the_url_is_checked_before_any_transport_sees_it(serve):
    route = respx.route().mock(return_value=httpx.Response(200))
    fetch = await serve(allowed_hosts=["*.example.com"])
    for url in ("http://127.0.0.1/", "http://api.example.org/", "http://api.example.com:22/"):
        assert (await fetch(url)).error is not None
    assert not route.called


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
    await (await serve(network(sockets), retries=0))("http://api.example.com/")
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


async def test_what_was_meant_for_one_host_does_not_follow_a_redirect_to_another(serve, site):
    site.sends("/", status=302, location="http://other.example.com/there")
    site.sends("/there", b"", content_type="text/plain")
    fetch = await serve(network(Sockets(site.port)), allowed_headers=["accept", "authorization", "x-api-key"])
    await fetch(
        "http://api.example.com/", headers={"accept": "a/b", "authorization": "CANARY-1", "x-api-key": "CANARY-2"}
    )
    first, second = site.heard
    assert (first.count("CANARY"), second.count("CANARY")) == (2, 0)
    assert "accept: a/b" in second
    assert "host: other.example.com" in second.lower()


async def test_a_body_that_never_ends_is_cut_at_the_deadline_however_slowly_it_comes(serve, site):
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/plain\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.02)
        site.left.set()

    site.scripts["/"] = drip
    fetch = await serve(allow_private_hosts=[site.endpoint], timeout=0.5)
    async with asyncio.timeout(5):
        answer = await fetch(site.url("/"))
        await site.left.wait()
    assert answer.error == "The site did not give its whole answer within 0.5 s. Try again later, or ask for less."


async def test_a_body_that_never_ends_is_cut_at_the_limit_of_bytes_when_it_comes_fast(serve, site):
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

    site.scripts["/"] = flood
    fetch = await serve(allow_private_hosts=[site.endpoint], max_bytes=100_000)
    answer = await fetch(site.url("/"))
    assert (len(answer.data["text"]), answer.data["truncated"]) == (100_000, True)


@pytest.mark.parametrize("query", ["wsdl", "q=caf%E9", "a=1&b=2&a=3", "q=a%20b", "x=a;b", "sig=a%2Fb+c"])
async def test_a_query_is_sent_to_the_letter(serve, site, query):
    """It may be signed, or in another charset."""
    fetch = await serve(allow_private_hosts=[site.endpoint])
    site.sends(f"/?{query}", b"ok", content_type="text/plain")
    await fetch(site.url(f"/?{query}"), timeout=5)
    assert site.heard[0].split()[1] == f"/?{query}"
