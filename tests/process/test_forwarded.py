"""A proxy that is believed says who its client is; anybody else says nothing."""

from typing import Any

import pytest
import uvicorn

from gateway.process.forwarded import asked_only_where_said

PROXY, STRANGER = ("127.0.0.1", 1), ("192.0.2.9", 1)


async def seen(peer: tuple[str, int], *headers: tuple[bytes, bytes], **options: Any) -> tuple[str, str]:
    """The client and the scheme of such a request, as the app has them."""
    scopes = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    config = asked_only_where_said(uvicorn.Config(app, **options))
    config.load()
    loaded: Any = config.loaded_app
    scope = {"type": "http", "scheme": "http", "client": peer, "headers": list(headers)}
    await loaded(scope, None, None)
    return scopes[0]["client"][0], scopes[0]["scheme"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], ("127.0.0.1", "http")),
        ([(b"host", b"x")], ("127.0.0.1", "http")),
        ([(b"x-forwarded-for", b"192.0.2.7")], ("192.0.2.7", "http")),
        ([(b"x-forwarded-proto", b"https")], ("127.0.0.1", "https")),
        ([(b"x-forwarded-for", b"192.0.2.6"), (b"x-forwarded-for", b"192.0.2.7")], ("192.0.2.7", "http")),
    ],
)
async def test_a_proxy_on_this_machine_is_believed(headers: Any, expected: tuple[str, str]) -> None:
    assert await seen(PROXY, *headers) == expected


async def test_a_stranger_is_not() -> None:
    said = (b"x-forwarded-for", b"192.0.2.7"), (b"x-forwarded-proto", b"https")
    assert await seen(STRANGER, *said) == ("192.0.2.9", "http")
    assert await seen(STRANGER, *said, forwarded_allow_ips="192.0.2.9") == ("192.0.2.7", "https")


async def test_who_wants_none_to_be_believed_has_it_so() -> None:
    assert await seen(PROXY, (b"x-forwarded-for", b"192.0.2.7"), proxy_headers=False) == ("127.0.0.1", "http")
