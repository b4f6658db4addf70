"""Connections between two requests: who may use them, for how long, and what ends them."""

import pytest

from gateway.upstream import http_idle
from gateway.upstream.http1 import HttpClient, header_block
from gateway.upstream.http_idle import Origins
from tests.upstream.peer import ASKED, CLOSE, LEFT, OK, peer, until

LIMIT = 1000


async def read(client: HttpClient, headers: bytes = b"") -> bytes:
    async with await client.request("POST", headers, b"{}") as response:
        return await response.read(LIMIT)


def two_of(one: str, other: str) -> tuple[HttpClient, HttpClient]:
    origins = Origins()
    first, second = (HttpClient(url, connect_timeout=2, origins=origins) for url in (one, other))
    return first, second


async def test_upstreams_of_one_origin_share_a_connection_and_nothing_else():
    async with peer([ASKED, OK, ASKED, OK, LEFT]) as there:
        one, other = two_of(there.url, f"{there.url}/other")
        await read(one, header_block({"Authorization": "Bearer one"}))
        await read(other)
        one.close()
    first, second = there.asked
    assert [each.line.split()[1] for each in there.asked] == ["/mcp", "/mcp/other"]
    assert [each.header("Authorization") for each in (first, second)] == ["Bearer one", None]
    assert there.accepted == 1


async def test_other_origins_have_connections_of_their_own():
    async with peer([ASKED, OK]) as here, peer([ASKED, OK]) as there:
        one, other = two_of(here.url, there.url)
        await read(one)
        await read(other)
    assert (here.accepted, there.accepted) == (1, 1)


async def test_clients_that_were_given_no_origins_share_nothing(client):
    async with peer([ASKED, OK], [ASKED, OK]) as there:
        await read(client(there.url))
        await read(client(there.url))
    assert there.accepted == 2


async def test_a_client_that_is_closed_leaves_another_s_request_alone():
    async with peer([ASKED, OK, ASKED, OK, LEFT]) as there:
        one, other = two_of(there.url, there.url)
        await read(one)
        async with await other.request("POST", b"", b"{}") as response:
            one.close()
            assert await response.read(LIMIT) == b"{}"
        other.close()


async def test_a_client_whose_idle_connection_another_dropped_connects_anew():
    async with peer([ASKED, OK, LEFT], [ASKED, OK]) as there:
        one, other = two_of(there.url, there.url)
        await read(other)
        one.close()
        assert await read(other) == b"{}"


async def test_the_connection_that_was_used_last_is_taken_first(client):
    async with peer([ASKED, OK, ASKED, OK], [ASKED, OK, LEFT]) as there:
        mine = client(there.url)
        async with await mine.request("POST", b"") as first:
            async with await mine.request("POST", b"") as second:
                await second.read(LIMIT)
            await first.read(LIMIT)
        await read(mine)
        mine.close()


async def test_a_connection_that_the_peer_closed_is_not_used(client):
    async with peer([ASKED, OK, CLOSE], [ASKED, OK]) as there:
        mine = client(there.url)
        await read(mine)
        (connection,) = mine._idle._kept
        await until(lambda: connection.closed)
        assert await read(mine) == b"{}"


async def test_an_older_connection_is_used_where_the_newer_one_was_closed(client):
    async with peer([ASKED, OK, ASKED, OK], [ASKED, OK, CLOSE]) as there:
        mine = client(there.url)
        async with await mine.request("POST", b"") as older, await mine.request("POST", b"") as newer:
            await older.read(LIMIT)
            older.leave(failed=False)
            await newer.read(LIMIT)
        _, closing = mine._idle._kept
        await until(lambda: closing.closed)
        assert await read(mine) == b"{}"


async def test_a_connection_that_was_idle_for_long_is_not_used(client, monkeypatch):
    monkeypatch.setattr(http_idle, "IDLE_SECONDS", 0.0)
    async with peer([ASKED, OK, LEFT], [ASKED, OK, LEFT]) as there:
        mine = client(there.url)
        await read(mine)
        assert await read(mine) == b"{}"
        assert repr(mine).endswith("idle=1>")
        mine.close()


@pytest.mark.parametrize("keeps", [1, 3])
async def test_all_are_dropped_at_once(client, keeps):
    async with peer(*[[ASKED, OK, LEFT]] * keeps) as there:
        mine = client(there.url)
        opened = [await mine.request("POST", b"") for _ in range(keeps)]
        for response in opened:
            await response.read(LIMIT)
            response.leave(failed=False)
        assert len(mine._idle) == keeps
        mine.close()
        assert len(mine._idle) == 0
