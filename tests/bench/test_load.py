"""The bench's load takes no answer for right that is not, and its upstream speaks what it says."""

import pytest

from bench import load, parts
from bench.load import Request, Target, WrongAnswer, encode, measure, message_of, repeat, tool_call, tools_list
from bench.upstream import path


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
