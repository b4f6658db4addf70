"""A real issuer of tokens: an HTTP server on loopback that publishes its keys, and signs what a test asks for."""

import base64
import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE = "https://gateway.example.com/mcp"


class Issuer:
    """Signs with `key`, which it publishes under the id `one`; `url` is its `iss`.

    `fetched` counts how often its keys were asked for.
    """

    def __init__(self, url: str):
        self.url = url
        self.jwks_uri = f"{url}/.well-known/jwks.json"
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.fetched = 0

    def jwks(self) -> bytes:
        self.fetched += 1
        return json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token; a change to None leaves a claim out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, "scope": "data:read"}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
        """A signed token; good unless something is changed."""
        header = {"alg": "RS256", "kid": "one", **(header or {})}
        return jwt.encode(header, self.claims(**changes), key or self.key, algorithms=[header["alg"]])


@contextmanager
def issuer() -> Generator[Issuer]:
    """An issuer that runs until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def encoded(part: Any) -> str:
    """One part of a token, from JSON or from bytes."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class _Server(ThreadingHTTPServer):
    issuer: Issuer


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        body = self.server.issuer.jwks()
        self.send_response(200 if self.path == "/.well-known/jwks.json" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
