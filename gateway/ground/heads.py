"""The heads of HTTP messages: who says the same again sends the same one, and then there is nothing to parse."""

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")

END: Final = b"\r\n\r\n"
BY_NAME: Final = "gateway.headers"
"""Where a request's scope has what `by_name` made, once it was asked: ASGI leaves room for such a key."""
MOST_KNOWN = 512


class KnownHeads(Generic[T]):
    """What a parser made of heads whose messages came whole, by their bytes.

    A message that begins with the same bytes, to the last of its head, is the same but for its body.

    Args:
        longest: in bytes; longer ones are not learned.
    """

    def __init__(self, longest: int):
        self._longest = longest
        self._known: dict[bytes, tuple[T, int]] = {}

    def find(self, data: bytes) -> tuple[T, bytes] | None:
        """What is known of the one message that `data` is, and its body; None where it is another, or not known."""
        end = end_of_head(data)
        known = self._known.get(data[:end])
        return (known[0], data[end:]) if known is not None and len(data) == end + known[1] else None

    def learn(self, data: bytes, said: T, length: int) -> bool:
        """Know the head from now on, if the message, whose body has that `length`, is all of `data`; whether it is.

        Parsers pass over empty lines before a message. With one in front of it, `data` is not learned.
        """
        end = end_of_head(data)
        if not 0 < end <= self._longest or len(data) != end + length or data.startswith(b"\r\n"):
            return False
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[data[:end]] = (said, length)
        return True


def end_of_head(data: bytes) -> int:
    """How long the head is that `data` begins with; 0 where it is not all there."""
    at = data.find(END)
    return at + len(END) if at >= 0 else 0


def by_name(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes] | None:
    """The headers by name; None where any is there twice. Each ASGI server has its own kind of sequence for them."""
    made = dict(headers)
    return made if len(made) == len(headers) else None
