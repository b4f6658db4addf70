"""The body of a request, read by a door that may hand the request on afterwards."""

from typing import Any, Final

import orjson
from starlette.types import Message, Receive

MAX_BODY: Final = 4 * 1024 * 1024


async def read_body(receive: Receive, taken: list[Message]) -> bytes | None:
    """The whole body; None where it is too large, or will not come. What was received for it is in `taken`."""
    size = 0
    while True:
        message = await receive()
        taken.append(message)
        if message["type"] != "http.request":
            return None
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return taken[0].get("body", b"") if len(taken) == 1 else b"".join(each.get("body", b"") for each in taken)


def again(taken: list[Message], receive: Receive) -> Receive:
    """`receive` for the next door, which gets first what was taken already."""
    left = iter(taken)

    async def replay() -> Message:
        message = next(left, None)
        return message if message is not None else await receive()

    return replay


def request_in(body: bytes | None) -> dict[str, Any]:
    """The request in `body`, or the notification; an empty one where there is none that can be read."""
    try:
        message = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return {}
    return message if type(message) is dict and type(message.get("method")) is str else {}
