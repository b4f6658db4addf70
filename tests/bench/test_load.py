"""The bench's load takes no answer for right that is not, and its upstream speaks what it says."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import orjson
import pytest

from bench import load, parts
from bench.load import Request, Target, WrongAnswer, encode, measure, message_of, repeat, tool_call, tools_list
from bench.upstream import path


class Emptying(BaseHTTPRequestHandler):
    """Shakes hands, and answers all else with nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        message = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        hello = {"jsonrpc": "2.0", "id": message.get("id"), "result": {"protocolVersion": "2025-11-25"}}
        body = orjson.dumps(hello) if message["method"] == "initialize" else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def emptying():
    with ThreadingHTTPServer(("127.0.0.1", 0), Emptying) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/mcp"
        server.shutdown()
        serving.join()


@pytest.fixture(scope="module")
def origin():
    with parts.upstream() as (origin, _):
        yield origin


@pytest.mark.parametrize("answer", ["json", "sse"])
@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_every_call_is_counted(origin: str, era: str, answer: str):
    target = Target(origin + path(era=era, answer=answer), era)
    measured = measure(target, tool_call("echo"), concurrency=3, seconds=0.05)
    assert measured.calls >= 3
    assert 0 < measured.p50 <= measured.p99


def test_a_list_has_as_many_tools_as_the_path_says(origin: str):
    target = Target(origin + path(tools=40))
    repeat(target, tools_list(40), calls=4, concurrency=2)
    with pytest.raises(WrongAnswer):
        repeat(target, tools_list(41), calls=4, concurrency=2)


def test_a_wrong_answer_ends_the_load(origin: str):
    target = Target(origin + path())
    with pytest.raises(WrongAnswer, match="hello from"):
        measure(target, tool_call("echo", change=str.upper), concurrency=2, seconds=0.05)


def test_an_error_ends_the_load(origin: str):
    with pytest.raises(WrongAnswer, match="Method not found"):
        measure(
            Target(origin + path(era="legacy")), Request("no", lambda _: {}, lambda *_: True), concurrency=1, seconds=1
        )


def test_an_empty_answer_ends_the_load_although_that_to_a_notification_was_empty(emptying: str):
    with pytest.raises(WrongAnswer, match="200 b''"):
        repeat(Target(emptying, "legacy"), tool_call("echo"), calls=1, concurrency=1)


def test_another_clients_answer_ends_the_load(origin: str):
    request = tool_call("echo")
    stale = Request(request.method, lambda _: request.params(7), request.check)
    with pytest.raises(WrongAnswer):
        measure(Target(origin + path()), stale, concurrency=1, seconds=1)


def test_no_answer_ends_the_load(origin: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(load, "PATIENCE", 0.1)
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s"):
        repeat(Target(origin + path(delay=60_000)), tool_call("echo"), calls=2, concurrency=2)


def test_a_delay_is_kept(origin: str):
    measured = measure(Target(origin + path(delay=50)), tool_call("echo"), concurrency=2, seconds=0.05)
    assert measured.p50 >= 0.05


def test_clients_share_out_the_names():
    request = tool_call("a_x", "b_x")
    assert [request.params(client)["name"] for client in range(3)] == ["a_x", "b_x", "a_x"]


def test_a_modern_request_says_what_it_is_in_its_headers():
    head = encode(Target("http://h:1/mcp", key="k"), tool_call("a_x"), 4).partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert {b"Mcp-Name: a_x", b"Mcp-Method: tools/call", b"Authorization: Bearer k"} <= set(head)


def test_the_last_event_is_the_answer():
    assert message_of(b'event: message\r\ndata: {"method":"m"}\r\n\r\ndata: {"id":1}\r\n\r\n') == {"id": 1}
