"""Sockets go to checked addresses only, and TLS keeps the name."""

import asyncio

import httpx
import pytest

from services.external.guard import Policy, Refused
from services.external.network import GuardedTransport, resolve_by_system
from tests.services.external.world import PUBLIC, Names, Sockets, network

OTHER_PUBLIC = "2606:4700:4700::1111"


async def test_a_rebinding_name_is_resolved_once_and_only_its_checked_address_is_connected_to(serve, site):
    site.sends("/", b"first", content_type="text/plain")
    sockets = Sockets(site.port)
    names = Names({"rebind.example.com": [[PUBLIC], ["127.0.0.1"]]})
    fetch = await serve(network(sockets, names))
    assert (await fetch("http://rebind.example.com/")).data["text"] == "first"
    assert (names.asked, sockets.opened) == (["rebind.example.com"], [(PUBLIC, 80)])
    assert "not on the public internet" in (await fetch("http://rebind.example.com/")).error
    assert sockets.opened == [(PUBLIC, 80)]


@pytest.mark.parametrize("answers", [[PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [OTHER_PUBLIC, "::ffff:127.0.0.1"]])
async def test_one_private_answer_among_public_ones_refuses_them_all(serve, answers):
    sockets = Sockets()
    fetch = await serve(network(sockets, Names({"mixed.example.com": [answers]})))
    assert "not on the public internet" in (await fetch("http://mixed.example.com/")).error
    assert sockets.opened == []


async def test_the_next_address_is_tried_when_one_does_not_answer(serve, site):
    site.sends("/", b"second", content_type="text/plain")
    sockets = Sockets(site.port, unreachable=[OTHER_PUBLIC])
    fetch = await serve(network(sockets, Names({"two.example.com": [[OTHER_PUBLIC, PUBLIC]]})))
    assert (await fetch("http://two.example.com/")).data["text"] == "second"
    assert sockets.opened == [(OTHER_PUBLIC, 80), (PUBLIC, 80)]


async def test_a_name_that_does_not_resolve_is_said_plainly(serve):
    async def resolve_nothing(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    sockets = Sockets()
    fetch = await serve(network(sockets, resolve_nothing))
    assert (await fetch("http://missing.example.com/")).error == (
        "The URL's host does not resolve to an address. Check its spelling."
    )
    assert sockets.opened == []


async def test_tls_asks_for_the_host_by_its_name():
    hello = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        sockets = Sockets(server.sockets[0].getsockname()[1])
        async with httpx.AsyncClient(transport=GuardedTransport(Policy(), network(sockets))) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get("https://secure.example.com/")
    assert b"secure.example.com" in await hello
    assert sockets.opened == [(PUBLIC, 443)]


async def test_the_guard_refuses_below_httpx_too():
    sockets = Sockets()
    async with httpx.AsyncClient(transport=GuardedTransport(Policy(), network(sockets, Names(other="::1")))) as client:
        with pytest.raises(Refused):
            await client.get("http://api.example.com/")
    assert sockets.opened == []


async def test_the_systems_resolver_gives_addresses_once_each():
    assert await resolve_by_system("127.0.0.1", 80) == ["127.0.0.1"]
    assert await resolve_by_system("::1", 80) == ["::1"]
