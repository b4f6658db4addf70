"""Reading a request's body, and handing the request on as if nobody had."""

from typing import Any

import pytest

from gateway.doors.bodies import MAX_BODY, again, read_body, request_in

LEFT = {"type": "http.disconnect"}


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Peer:
    """What an ASGI server would give, message by message."""

    def __init__(self, *messages: dict[str, Any]):
        self._messages = list(messages)

    async def receive(self) -> dict[str, Any]:
        return self._messages.pop(0)


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        ([part(b"all")], b"all"),
        ([part(b"a", True), part(b"", True), part(b"b")], b"ab"),
        ([part(b"a", True), LEFT], None),
        ([part(b"x" * MAX_BODY, True), part(b"x")], None),
    ],
    ids=["whole", "in parts", "the client left", "too large"],
)
async def test_a_body_is_read_and_can_be_read_again(messages: list[dict[str, Any]], body: bytes | None) -> None:
    peer = Peer(*messages, LEFT)
    taken: list[Any] = []
    assert await read_body(peer.receive, taken) == body
    replay = again(taken, peer.receive)
    assert [await replay() for _ in (*messages, LEFT)] == [*messages, LEFT]


@pytest.mark.parametrize("body", [None, b"", b"no JSON", b"[]", b"5", b"{}", b'{"method": 5}'])
def test_what_is_no_message_with_a_method_is_an_empty_one(body: bytes | None) -> None:
    assert request_in(body) == {}


def test_a_message_is_read() -> None:
    assert request_in(b'{"method": "ping", "id": 1}') == {"method": "ping", "id": 1}
