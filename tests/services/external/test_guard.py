"""No URL form opens a socket to where it may not; what is allowed passes. Attack forms stand in ssrf_urls.txt."""

from pathlib import Path

import pytest

from services.external.guard import Policy, Refused, checked_url, is_public
from tests.services.external.world import PUBLIC, Names, Sockets, network, raw

LINES = Path(__file__).with_name("ssrf_urls.txt").read_text(encoding="utf-8").splitlines()
URLS = [line for line in LINES if line and not line.startswith("#")]
INSIDE = {
    "localhost": "127.0.0.1",
    "localhost.localdomain": "::1",
    "printer.internal": "10.0.0.9",
    "metadata.google.internal": "169.254.169.254",
    "1.1.1.1.127.0.0.1.nip.io": "127.0.0.1",
}


async def test_no_url_form_opens_a_socket(serve):
    sockets = Sockets()
    fetch = await serve(network(sockets, Names({name: [[address]] for name, address in INSIDE.items()})))
    answers = {url: await fetch(url) for url in URLS}
    assert len(URLS) >= 60
    assert [
        url for url, answer in answers.items() if answer.error is None or not answer.error.startswith("The URL")
    ] == []
    assert sockets.opened == []


async def test_no_url_form_opens_a_socket_as_the_target_of_a_redirect(serve, site):
    for number, url in enumerate(URLS):
        site.answers[f"/{number}"] = raw(status=302, location=url.encode().decode("latin-1"))
    for path in ("/", "/127.0.0.1/", "/api.example.com"):  # some are relative to a public host, and so harmless
        site.sends(path)
    names = {name: [[address]] for name, address in INSIDE.items()}
    sockets = Sockets(site.port)
    fetch = await serve(network(sockets, Names(names)), per_host_rate=1000, timeout=1)
    answers = [await fetch(f"http://start.example.com/{number}") for number in range(len(URLS))]
    assert set(sockets.opened) == {(PUBLIC, 80)}
    assert sum(answer.error is not None for answer in answers) >= len(URLS) - 5
    assert not any("Error calling tool" in (answer.error or "") for answer in answers)


async def test_the_same_guard_lets_a_public_host_through(serve):
    sockets = Sockets()
    fetch = await serve(network(sockets), retries=0)
    await fetch("http://api.example.com/")
    await fetch("https://8.8.8.8/")
    assert sockets.opened == [(PUBLIC, 80), (PUBLIC, 443)]


@pytest.mark.parametrize("blank", ["\n", "\r", "\t", "\0", "\x0b", "\u2028", " "])
@pytest.mark.parametrize(
    "form", ["{}http://api.example.com/", "http://{}api.example.com/", "http://api.example.com{}/"]
)
def test_blanks_and_control_characters_around_the_host_are_refused(form, blank):
    with pytest.raises(Refused):
        checked_url(form.format(blank), Policy())


def test_refusals_name_the_cure_and_never_the_url():
    for url in URLS:
        try:
            checked_url(url, Policy())
        except Refused as error:
            text = str(error)
            assert text.count(". ") >= 1, text
            assert not any(part in text for part in ("127.0.0.1", "example.com", "word", "passwd")), text


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "HTTPS://API.Example.COM:443/a?b=c#d",
        "http://xn--bcher-kva.example/straße?q=ö",
        "http://a-b.example.com:80/",
        "http://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "http://[64:ff9b::808:808]/",
    ],
)
def test_plain_urls_of_public_hosts_pass(url):
    assert checked_url(url, Policy()).scheme == url.partition(":")[0].lower()


def test_only_hosts_that_match_a_glob_pass_when_there_are_globs():
    policy = Policy(allowed_hosts=("*.Example.com", "api.other.org"))
    for url in ("https://a.example.com/", "https://A.B.example.com/", "https://api.other.org/"):
        checked_url(url, policy)
    for url in ("https://example.com/", "https://a.example.com.evil.org/", "https://8.8.8.8/", "https://other.org/"):
        with pytest.raises(Refused, match="list of allowed hosts"):
            checked_url(url, policy)


def test_ports_are_those_of_the_policy():
    policy = Policy(allowed_ports=(443, 8443))
    checked_url("https://api.example.com:8443/", policy)
    with pytest.raises(Refused, match="443, 8443"):
        checked_url("http://api.example.com/", policy)


def test_an_opened_endpoint_is_exact():
    policy = Policy(allow_private_hosts=("127.0.0.1:8080", "[::1]:8080", "wiki.internal:80"))
    for url in ("http://127.0.0.1:8080/", "http://[::1]:8080/", "http://WIKI.internal/"):
        checked_url(url, policy)
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8081/", "http://127.1:8080/", "https://wiki.internal:8080/"):
        with pytest.raises(Refused):
            checked_url(url, policy)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.88.99.1", "168.63.129.16"),
        *("::1", "fec0::1", "fe80::1%eth0", "::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::a00:1", "5f00::1", "4000::1"),
        *("100:0:0:1::1", "ff0e::1", "64:ff9b::a83f:8110", "not an address", ""),
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "192.0.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_addresses_that_are_public(address):
    assert is_public(address)
