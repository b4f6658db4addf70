"""The client: what it sends, which connections it keeps, where it lets itself be sent, and how it fails."""

import asyncio
import socket
import ssl
from collections.abc import Generator
from contextlib import ExitStack, suppress

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream import http1
from gateway.upstream.http1 import BodyTooLarge, HttpClient, HttpError, Redirected, header_block, tls_context
from tests.upstream.peer import ASKED, LEFT, OK, answer, chunked, peer, until
from tests.upstream.tls import certified

LIMIT = 1_000_000
MORE = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
END = b"0\r\n\r\n"


async def read(client: HttpClient, body: bytes = b"{}", target: str = "") -> bytes:
    async with await client.request("POST", b"", body, target=target) as response:
        return await response.read(LIMIT)


def moved(where: str, status: str = "307 Temporary Redirect") -> bytes:
    return answer(b"elsewhere", f"Location: {where}", status=status)


# what is sent


async def test_a_request_as_it_goes_out(client):
    async with peer([ASKED, OK]) as other:
        async with await client(other.url).request("POST", header_block({"X-A": "ü"}), b"body"):
            pass
        (asked,) = other.asked
    authority = other.url.split("/")[2]
    assert asked.line == "POST /mcp HTTP/1.1"
    assert asked.headers == [f"Host: {authority}", "Content-Length: 4", "X-A: ü"]
    assert asked.body == b"body"


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://a.example", "/", "a.example"),
        ("http://a.example:8080/mcp?key=1&x=%20", "/mcp?key=1&x=%20", "a.example:8080"),
        ("http://user:secret@a.example/mcp#part", "/mcp", "a.example"),
        ("http://[::1]:1/ä/€?q=ü", "/%C3%A4/%E2%82%AC?q=%C3%BC", "[::1]:1"),
        ("http://bücher.example/", "/", "xn--bcher-kva.example"),
    ],
)
def test_the_target_and_host_of_a_url(url, target, host):
    made = HttpClient(url, connect_timeout=1)
    assert made.target == target
    assert repr(made) == f"<HttpClient http://{host} busy=0 idle=0>"


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", "a\rb", "a\0b", "a\x7fb", "€"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_a_header_that_could_smuggle_another_is_refused(value, place):
    with pytest.raises(ValueError, match=r"control character|codec"):
        header_block({value: "v"} if place == "name" else {"X-A": value})


def test_header_lines():
    assert header_block([("A", "1"), ("A", "tab\there")]) == b"A: 1\r\nA: tab\there\r\n"


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_makes_a_line_of_its_own(name, value):
    try:
        block = header_block({name: value})
    except ValueError:
        return
    assert block.count(b"\n") == block.count(b"\r") == 1
    assert block.endswith(b"\r\n")


# which connections are kept


async def test_calls_at_once_need_connections_of_their_own_and_both_are_kept(client):
    together = asyncio.Event()
    script = [ASKED, together, OK, ASKED, OK, LEFT]
    async with peer(script, script) as other:
        mine = client(other.url)
        first, second = asyncio.create_task(read(mine)), asyncio.create_task(read(mine))
        await until(lambda: len(other.asked) == 2)
        assert repr(mine).endswith("busy=2 idle=0>")
        together.set()
        await asyncio.gather(first, second)
        assert repr(mine).endswith("busy=0 idle=2>")
        await asyncio.gather(read(mine), read(mine))
        mine.close()
    assert other.accepted == 2


@pytest.mark.parametrize("header", ["Connection: close", "Connection: Close, x"])
async def test_a_connection_that_the_peer_will_close_is_not_kept(client, header):
    async with peer([ASKED, answer(b"{}", header), LEFT], [ASKED, OK]) as other:
        mine = client(other.url)
        await read(mine)
        assert repr(mine).endswith("idle=0>")
        await read(mine)


async def test_a_body_that_ends_a_moment_after_it_was_left_leaves_the_connection_whole(client):
    the_end = asyncio.Event()
    async with peer([ASKED, MORE, the_end, END, ASKED, OK, LEFT]) as other:
        mine = client(other.url)
        async with await mine.request("POST", b"") as response:
            assert await response.chunk(LIMIT) == b"half"
        assert repr(mine).endswith("busy=1 idle=0>")
        the_end.set()
        await until(lambda: not mine._busy)
        assert await read(mine) == b"{}"
        mine.close()


async def test_a_body_that_does_not_end_after_it_was_left_is_dropped(client, monkeypatch):
    monkeypatch.setattr(http1, "LINGER_SECONDS", 0.01)
    async with peer([ASKED, MORE, LEFT]) as other:
        mine = client(other.url)
        async with await mine.request("POST", b""):
            pass
        await other.finished()
        assert repr(mine).endswith("busy=0 idle=0>")
        other._played.release()


async def test_leaving_by_an_exception_drops_the_connection_at_once(client):
    async with peer([ASKED, MORE, LEFT]) as other:
        mine = client(other.url)
        with pytest.raises(LookupError):
            async with await mine.request("POST", b""):
                raise LookupError
        assert repr(mine).endswith("busy=0 idle=0>")


async def test_an_exception_after_the_whole_answer_costs_no_connection(client):
    async with peer([ASKED, OK, ASKED, OK]) as other:
        mine = client(other.url)
        with pytest.raises(LookupError):
            async with await mine.request("POST", b"") as response:
                raise LookupError(await response.read(LIMIT))
        assert repr(mine).endswith("busy=0 idle=1>")
        assert await read(mine) == b"{}"


async def test_a_response_is_dropped_once(client):
    async with peer([ASKED, OK, ASKED, OK]) as other:
        mine = client(other.url)
        async with await mine.request("POST", b"") as response:
            await response.read(LIMIT)
        response.drop()
        assert repr(mine).endswith("idle=1>")
        assert await read(mine) == b"{}"
        with pytest.raises(HttpError, match="dropped"):
            await response.chunk(LIMIT)


# how much is read


@pytest.mark.parametrize("sent", [answer(b"x" * 1002)[:-1], chunked(b"x" * 600, b"x" * 401, end=False)])
async def test_a_body_past_the_limit_is_cut_off(client, sent):
    async with peer([ASKED, sent, LEFT]) as other:
        response = await client(other.url).request("POST", b"")
        with pytest.raises(BodyTooLarge, match=r"^its answer is larger than 1000 bytes$"):
            async with response:
                await response.read(1000)


async def test_a_body_of_just_the_limit_is_read(client):
    async with peer([ASKED, answer(b"x" * 1000)]) as other:
        response = await client(other.url).request("POST", b"")
        assert len(await response.read(1000)) == 1000


# redirects


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
@pytest.mark.parametrize("where", ["/mcp/", "mcp/", "{origin}/mcp/"])
async def test_a_redirect_within_the_origin_is_followed_and_remembered(client, status, where):
    async with peer([ASKED, moved(where, status), ASKED, OK, ASKED, OK]) as other:
        mine = client(other.url)
        await read(mine, b"first")
        await read(mine, b"second")
    lines = ["POST /mcp HTTP/1.1", "POST /mcp/ HTTP/1.1", "POST /mcp/ HTTP/1.1"]
    assert [asked.line for asked in other.asked] == lines
    assert [asked.body for asked in other.asked] == [b"first", b"first", b"second"]
    assert other.accepted == 1


async def test_a_redirect_of_another_target_changes_nothing_for_the_endpoint(client):
    async with peer([ASKED, moved("/b"), ASKED, OK, ASKED, OK]) as other:
        mine = client(other.url)
        await read(mine, target="/a")
        await read(mine)
    assert [asked.line.split()[1] for asked in other.asked] == ["/a", "/b", "/mcp"]


@pytest.mark.parametrize(
    "where",
    [
        "http://other.example/mcp",
        "https://127.0.0.1/mcp",
        "http://127.0.0.1/mcp",
        "//other.example/mcp",
        "http://[::1",
        "http://127.0.0.1:port/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_to_another_origin_is_refused(client, where):
    async with peer([ASKED, moved(where)]) as other:
        with pytest.raises(Redirected, match=r"^redirects to another origin$"):
            await read(client(other.url))


async def test_a_redirect_in_a_circle_ends(client):
    async with peer([ASKED, moved("/a"), ASKED, moved("/mcp"), ASKED, moved("/a"), LEFT]) as other:
        mine = client(other.url)
        with pytest.raises(Redirected, match=r"^redirects in a circle$"):
            await read(mine)
        mine.close()


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other"])
async def test_other_redirects_are_answers_like_any(client, status):
    async with peer([ASKED, moved("/mcp/", status)]) as other:
        response = await client(other.url).request("POST", b"")
        assert response.status == int(status[:3])


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("/messages?session=1", "/messages?session=1"),
        ("messages", "/a/messages"),
        ("?x=1", "/a/sse?x=1"),
        ("http://HOST.example:80/x", "/x"),
        ("/\u00fc\u20ac \r\n", "/%C3%BC%E2%82%AC%20"),
        ("https://host.example/x", None),
        ("http://host.example:81/x", None),
        ("http://host.example:99999/x", None),
        ("http://[", None),
    ],
)
def test_where_a_reference_leads(reference, target):
    assert HttpClient("http://host.example/a/sse", connect_timeout=1).resolve(reference) == target


@given(st.text(max_size=30))
def test_a_target_is_always_one_word(reference):
    target = HttpClient("http://host.example/a", connect_timeout=1).resolve(reference)
    assert target is None or (target.isascii() and target.startswith("/") and not set(target) & set(" \r\n\t\0"))


# connecting


def free_port() -> int:
    """A port where nobody listens: the system does not give it out again at once."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def test_nobody_is_there(client):
    with pytest.raises(HttpError, match=r"^cannot be reached \(Connection refused\)$") as failure:
        await read(client(f"http://127.0.0.1:{free_port()}/"))
    assert not failure.value.sent


@pytest.mark.parametrize("host", ["host.invalid", "a..example", "x" * 64 + ".example"])
async def test_a_name_that_cannot_be_resolved(client, host):
    with pytest.raises(HttpError, match=r"^cannot be reached \(.+\)$") as failure:
        await read(client(f"http://{host}/"))
    assert not failure.value.sent


@pytest.fixture
def full_port() -> Generator[int]:
    """A port whose listener accepts nobody and whose queue is full."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_nobody_accepts(full_port):
    mine = HttpClient(f"http://127.0.0.1:{full_port}/", connect_timeout=0.05)
    with pytest.raises(HttpError, match=r"^did not accept a connection within 0.05 s$") as failure:
        await read(mine)
    assert not failure.value.sent


async def test_ipv6(client):
    async with peer([ASKED, OK], host="::1") as other:
        await read(client(other.url))
    assert other.asked[0].headers[0] == f"Host: {other.origin.removeprefix('http://')}"


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Generator[pytest.MonkeyPatch]:
    """The context is made anew for what this test trusts, and once more for the next."""
    tls_context.cache_clear()
    yield monkeypatch
    tls_context.cache_clear()


async def test_tls_with_an_authority_that_is_trusted(client, tmp_path, trusting):
    server, authority = certified(tmp_path)
    trusting.setenv("SSL_CERT_FILE", str(authority))
    async with peer([ASKED, answer(b"x" * 100_000), ASKED, OK], tls=server) as other:
        mine = client(other.url)
        assert len(await read(mine)) == 100_000
        assert await read(mine) == b"{}"
    assert other.accepted == 1


async def test_tls_with_an_authority_that_is_not(client, tmp_path, trusting):
    server, _ = certified(tmp_path)
    async with peer(tls=server) as other:
        with pytest.raises(HttpError, match=r"^failed the TLS handshake \(CERTIFICATE_VERIFY_FAILED\)$") as failure:
            await read(client(other.url))
    assert not failure.value.sent


async def test_tls_for_another_host(client, tmp_path, trusting):
    server, authority = certified(tmp_path, "127.0.0.2")
    trusting.setenv("SSL_CERT_FILE", str(authority))
    async with peer(tls=server) as other:
        with pytest.raises(HttpError, match="CERTIFICATE_VERIFY_FAILED"):
            await read(client(other.url))


async def test_tls_to_a_peer_that_has_none(client, trusting):
    async with peer([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as other:
        with pytest.raises(HttpError, match=r"^failed the TLS handshake \([A-Z_]+\)$") as failure:
            await read(client(other.url.replace("http:", "https:")))
    assert not failure.value.sent


def test_on_the_loop_that_serves(tmp_path, trusting):
    """uvloop's transports are others than asyncio's."""
    server, authority = certified(tmp_path)
    trusting.setenv("SSL_CERT_FILE", str(authority))

    async def exchanges(context: ssl.SSLContext | None) -> None:
        async with peer([ASKED, chunked(b"x" * 300_000), ASKED, OK, LEFT], tls=context) as other:
            mine = HttpClient(other.url, connect_timeout=2)
            assert await read(mine) == b"x" * 300_000
            assert await read(mine) == b"{}"
            mine.close()
        with pytest.raises(HttpError, match="Connection refused"):
            await read(HttpClient(f"http://127.0.0.1:{free_port()}/", connect_timeout=2))

    uvloop.run(exchanges(None))
    uvloop.run(exchanges(server))


def test_a_socket_at_which_many_wait_is_tried_again(tmp_path):
    """Unlike TCP's it refuses then, and it may be that of a worker that is well. asyncio's own loop does not say so."""
    name = str(tmp_path / "one.sock")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # those who only stood in line
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
        writer.close()

    async def main() -> None:
        with socket.socket(socket.AF_UNIX) as listener, ExitStack() as others:
            listener.bind(name)
            listener.listen(0)
            with suppress(BlockingIOError):
                while True:
                    other = others.enter_context(socket.socket(socket.AF_UNIX))
                    other.setblocking(False)
                    other.connect(name)
            mine = HttpClient("http://worker/", connect_timeout=5, socket=tmp_path / "one.sock")
            asking = asyncio.create_task(read(mine))
            for _ in range(5):
                await asyncio.sleep(0)  # time enough to be refused
            async with await asyncio.start_unix_server(serve, sock=listener):
                others.close()
                assert await asking == b"{}"
                mine.close()

    uvloop.run(main())
