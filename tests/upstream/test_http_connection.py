"""Answers as they come over a connection: whole, in pieces, cut off, and not HTTP at all."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.http1 import HttpClient, Response
from gateway.upstream.http_connection import HIGH_WATER, MAX_HEAD, Connection, HttpError, NotHttp
from tests.upstream.peer import ASKED, CLOSE, LEFT, OK, RESET, answer, chunked, peer, until

LIMIT = 10_000_000
OLD_STYLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
PIPELINED = answer(b"one") + answer(b"two")


async def read(client: HttpClient, body: bytes = b"{}") -> tuple[int, bytes]:
    async with await client.request("POST", b"", body) as response:
        return response.status, await response.read(LIMIT)


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        (answer(b'{"a": 1}'), 200, b'{"a": 1}'),
        (answer(b""), 200, b""),
        (answer(b"x", status="404 Not Found"), 404, b"x"),
        (chunked(b"ab", b"c"), 200, b"abc"),
        (chunked(b"ab", trailers="X-Check: 1\r\nStatus: 500\r\n"), 200, b"ab"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"x"), 200, b"x"),
        (HINTS + HINTS + chunked(b"x"), 200, b"x"),
    ],
)
async def test_a_whole_answer_leaves_a_connection_that_can_be_used_again(client, sent, status, body):
    async with peer([ASKED, sent, ASKED, OK, LEFT]) as other:
        mine = client(other.url)
        assert await read(mine) == (status, body)
        assert await read(mine) == (200, b"{}")
        mine.close()
    assert other.accepted == 1


async def test_headers_of_the_answer_and_no_other(client):
    sent = chunked(b"x", trailers="X-Late: 1\r\n").replace(b"OK\r\n", b"OK\r\nX-A: \xfc\r\n")
    async with peer([ASKED, HINTS, sent]) as other:
        response = await client(other.url).request("POST", b"")
        async with response:
            await response.read(LIMIT)
        assert response.headers == {"x-a": "ü", "transfer-encoding": "chunked"}


@pytest.mark.parametrize("ending", [CLOSE, RESET])
async def test_an_answer_without_a_length_ends_with_the_connection(client, ending):
    async with peer([ASKED, OLD_STYLE + b"all of it", ending], [ASKED, OK]) as other:
        mine = client(other.url)
        if ending is CLOSE:
            assert await read(mine) == (200, b"all of it")
        else:
            with pytest.raises(HttpError, match="before the answer was whole"):
                await read(mine)
        await read(mine)
    assert other.accepted == 2


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        chunked(b"abc", end=False),
        chunked(b"abc", end=False) + b"ff\r\nab",
    ],
)
@pytest.mark.parametrize("ending", [CLOSE, RESET])
async def test_a_connection_that_ends_too_early(client, sent, ending):
    async with peer([ASKED, sent, ending]) as other:
        with pytest.raises(HttpError, match=r"^it was closed before the answer was whole$") as failure:
            await read(client(other.url))
    assert failure.value.sent
    assert not isinstance(failure.value, NotHttp)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "sent an answer that is not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "sent an answer that is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "sent an answer that is not HTTP"),
        (chunked(b"abc", end=False) + b"no number\r\n", "sent an answer that is not HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "tried to switch protocols"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000, "sent too many headers"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 300_000, "sent too many headers"),
        (chunked(b"abc", end=False) + b"0\r\nX-A: " + b"b" * 300_000, "sent too many headers"),
        (b"HTTP/1.1 102 Processing\r\n\r\n" * 20_000, "sent too many headers"),
    ],
)
async def test_what_is_not_http_or_has_no_bounds_is_dropped(client, sent, said):
    async with peer([ASKED, sent, LEFT]) as other:
        with pytest.raises(NotHttp, match=f"^{said}$"):
            await read(client(other.url))


async def test_headers_up_to_the_limit_are_taken(client):
    many = [f"X-{number}: {'v' * 100}" for number in range(MAX_HEAD // 120)]
    async with peer([ASKED, answer(b"x", *many)]) as other:
        assert await read(client(other.url)) == (200, b"x")


async def test_a_second_answer_is_nobodys(client):
    async with peer([ASKED, PIPELINED, LEFT], [ASKED, OK]) as other:
        mine = client(other.url)
        assert await read(mine) == (200, b"one")
        assert await read(mine) == (200, b"{}")


async def test_an_answer_nobody_asked_for_spoils_the_connection(client):
    late = asyncio.Event()
    async with peer([ASKED, OK, late, answer(b"a trap"), LEFT], [ASKED, OK]) as other:
        mine = client(other.url)
        await read(mine)
        late.set()
        (connection,) = mine._idle._kept
        await until(lambda: connection.closed)
        assert await read(mine) == (200, b"{}")


async def test_an_answer_before_all_was_sent_is_not_missed(client):
    """A peer that refuses by the head alone, and does not read a body that no socket buffer holds."""
    refusal = answer(b"too large", status="413 Content Too Large")
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(refusal)
        await hung_up.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024)
    async with server, asyncio.timeout(5):
        mine = client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert await read(mine, b"x" * 30_000_000) == (413, b"too large")
        assert repr(mine).endswith("busy=0 idle=0>")
        hung_up.set()


async def test_reading_stops_while_nobody_takes_what_came(client):
    size = 64 * HIGH_WATER
    sent = asyncio.Event()
    async with peer([ASKED, answer(b"x" * size), sent]) as other:
        async with await client(other.url).request("POST", b"") as response:
            connection: Any = response._connection
            await until(lambda: connection._buffered > HIGH_WATER)
            for _ in range(200):
                await asyncio.sleep(0)  # time enough for all of it
            assert connection._buffered < HIGH_WATER * 3
            assert len(await response.read(size)) == size
        sent.set()


async def test_a_body_that_nobody_took_does_not_stop_the_next_answer(client):
    """Reading was paused for it."""
    async with peer([ASKED, answer(b"x" * (HIGH_WATER + 1)), LEFT], [ASKED, OK]) as other:
        mine = client(other.url)
        async with asyncio.timeout(5):
            async with await mine.request("POST", b"") as response:
                connection: Any = response._connection
                await until(lambda: connection.complete)
            assert await read(mine) == (200, b"{}")


async def test_a_large_body_that_came_before_anybody_looked_leaves_a_connection_that_reads():
    """Reading was paused for it."""

    class Paused(Nowhere):
        is_paused = False

        def pause_reading(self) -> None:
            self.is_paused = True

        def resume_reading(self) -> None:
            self.is_paused = False

    transport, connection = Paused(), Connection()
    connection.connection_made(transport)
    connection.send(b"")
    whole = answer(b"x" * (HIGH_WATER + 1))
    connection.data_received(whole[:HIGH_WATER])
    connection.data_received(whole[HIGH_WATER:])
    assert transport.is_paused
    assert connection.whole() == b"x" * (HIGH_WATER + 1)
    assert connection.finish()
    assert not transport.is_paused


async def test_an_answer_after_another_word_is_not_known_by_that():
    """By the 103 alone: the next answer that begins with it may be longer."""
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
    for body in (b"", b"{}"):
        assert await received([hint, answer(body)]) == (200, {"content-length": str(len(body))}, body, True)


class Nowhere(asyncio.Transport):
    """Bytes that come from a test instead of a socket."""

    def write(self, data: Any) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def abort(self) -> None:
        pass


answers = st.one_of(
    st.binary(max_size=40).map(answer),
    st.lists(st.binary(min_size=1, max_size=20), max_size=4).map(lambda pieces: chunked(*pieces)),
    st.lists(st.binary(min_size=1, max_size=9), max_size=2).map(
        lambda pieces: HINTS + chunked(*pieces, trailers="A: b\r\n")
    ),
    st.binary(max_size=20).map(lambda body: answer(body, "Connection: close")),
    st.just(b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"),
    st.just(PIPELINED),
    st.binary(min_size=1, max_size=20),
)


async def received(pieces: list[bytes]) -> Any:
    """Status, headers, body and whether it can be used again; or what was wrong."""
    connection = Connection()
    connection.connection_made(Nowhere())
    connection.send(b"")
    for piece in pieces:
        connection.data_received(piece)
    if not connection.complete:
        connection.connection_lost(None)
    try:
        while not connection.has_head:
            await connection.news()
        body = b""
        while chunk := await connection.next_chunk():
            body += chunk
    except HttpError as failure:
        return str(failure)
    return connection.status, connection.headers, body, connection.finish()


@given(st.data(), answers)
async def test_an_answer_is_the_same_wherever_it_was_cut(data, whole):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert await received([piece for piece in pieces if piece]) == await received([whole])


@pytest.mark.parametrize("cut", [3, 15, 20, 33])
async def test_a_piece_of_a_head_is_taken_for_no_head_that_is_known(cut):
    empty, whole = answer(b""), b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"
    await received([empty[:cut], empty[cut:]])
    await received([empty])
    assert await received([whole[:cut], whole[cut:]]) == (204, {"x": "y"}, b"", True)


async def test_answers_that_begin_alike_are_told_apart_by_what_follows():
    for body in (b"one", b"two"):
        assert await received([answer(body)]) == (200, {"content-length": "3"}, body, True)
    assert await received([answer(b"one")[:-1]]) == "it was closed before the answer was whole"
    assert await received([answer(b"one") + b"H"]) != (200, {"content-length": "3"}, b"one", True)


async def test_leaving_drops_the_connection_and_so_cancels_the_request(client):
    async with peer([ASKED, LEFT]) as other:
        mine = client(other.url)
        task = asyncio.create_task(read(mine))
        await until(lambda: other.asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert repr(mine).endswith("busy=0 idle=0>")


async def test_closing_the_client_fails_what_is_under_way(client):
    async with peer([ASKED, b"HTTP/1.1 200 OK\r\n\r\nhalf", LEFT]) as other:
        mine = client(other.url)
        response: Response = await mine.request("POST", b"")
        assert await response.chunk(LIMIT) == b"half"
        mine.close()
        with pytest.raises(HttpError, match="before the answer was whole"):
            await response.chunk(LIMIT)
        response.drop()


async def test_a_connection_lost_before_its_request_left_says_that_nothing_was_sent():
    connection = Connection()
    connection.connection_made(Nowhere())
    connection.send(b"a request")
    connection.connection_lost(None)
    with pytest.raises(HttpError) as failed:
        connection.news()
    assert not failed.value.sent


async def test_an_answer_before_its_request_left_is_none():
    connection = Connection()
    connection.connection_made(Nowhere())
    connection.send(b"a request")
    connection.data_received(OK)
    assert connection.closed
    assert not connection.complete


async def test_the_same_after_it_left():
    lost, answered = Connection(), Connection()
    for each in (lost, answered):
        each.connection_made(Nowhere())
        each.send(b"a request")
    await asyncio.sleep(0)
    lost.connection_lost(None)
    with pytest.raises(HttpError) as failed:
        lost.news()
    assert failed.value.sent
    answered.data_received(OK)
    assert answered.complete
