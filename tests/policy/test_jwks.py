"""An issuer's keys are fetched over a way nobody can tamper with, in bounded time and size."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gateway.policy import jwks
from gateway.policy.jwks import JwksUnavailable, fetch_jwks, is_trustworthy


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://issuer.example.com/jwks", True),
        ("https://10.0.0.7:8443/jwks", True),
        ("http://127.0.0.1:9000/jwks", True),
        ("http://[::1]:9000/jwks", True),
        ("http://localhost/jwks", True),
        ("http://issuer.example.com/jwks", False),
        ("http://10.0.0.7/jwks", False),
        ("http://127.0.0.1.example.com/jwks", False),
        ("http://localhost.example.com/jwks", False),
        ("http://127.0.0.1@issuer.example.com/jwks", False),
        ("file:///etc/jwks.json", False),
        ("https://issuer.example.com:port/jwks", False),
        ("https://[bad/jwks", False),
        ("https:///jwks", False),
        ("", False),
    ],
)
def test_only_this_machine_may_answer_without_tls(url, trusted):
    assert is_trustworthy(url) is trusted


class Peer(BaseHTTPRequestHandler):
    """Answers as its path says; `/stall` only once the test is over."""

    over = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/good")
        else:
            self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        if self.path == "/large":
            self.wfile.write(b" " * (jwks.LARGEST_BODY + 1))
        if self.path == "/stall":
            self.over.wait(30)
        self.wfile.write({"/html": b"<html>", "/deep": b"[" * 100_000}.get(self.path, b'{"keys": []}'))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def peer():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Peer.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


async def test_what_the_issuer_publishes_is_returned(peer):
    assert await fetch_jwks(f"{peer}/good") == {"keys": []}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("redirect", "it answered 302"),
        ("broken", "it answered 500"),
        ("large", "larger than 262144 bytes"),
        ("html", "not JSON"),
        ("deep", "not JSON"),
    ],
)
async def test_any_other_answer_is_refused(peer, path, reason):
    with pytest.raises(JwksUnavailable, match=reason):
        await fetch_jwks(f"{peer}/{path}")


async def test_a_stalled_answer_ends_at_the_deadline(peer, monkeypatch):
    monkeypatch.setattr(jwks, "DEADLINE", 0.2)
    with pytest.raises(JwksUnavailable, match=r"within 0\.2 s|ReadTimeout"):
        await fetch_jwks(f"{peer}/stall")


async def test_an_issuer_that_is_not_there_is_said_to_be_so():
    with pytest.raises(JwksUnavailable, match="ConnectError"):
        await fetch_jwks("http://127.0.0.1:1/jwks")


async def test_a_proxy_in_the_environment_is_not_asked_for_loopback(peer, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert await fetch_jwks(f"{peer}/good") == {"keys": []}
