"""Lines of JSON, each with a number and a hash over itself and the one before: what is changed or gone shows."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

FIRST = "0" * 64
"""What stands for the hash of the line before the first."""
MARK: Final = ', "hash": "'


class Broken(ValueError):
    """A line that is not as it was written; the message says how."""


@dataclass(init=False, slots=True)
class Link:
    """The end of a chain: the number of its last line, and that line's hash."""

    number: Final[int]
    hash: Final[str]

    def __init__(self, number: int = 0, hash: str = FIRST):
        self.number = number
        self.hash = hash

    def next(self, fields: str) -> "tuple[bytes, Link]":
        """The line that follows with `fields` (`"a": 1, "b": 2`, at least one), and the end of the chain with it."""
        number = self.number + 1
        hashed = f'{self.hash}{{"n": {number}, {fields}'.encode()
        digest = sha256(hashed).hexdigest()
        return hashed[len(self.hash) :] + f'{MARK}{digest}"}}\n'.encode(), Link(number, digest)

    def follow(self, line: str) -> "tuple[dict[str, Any], Link]":
        """What `line` says, and the end of the chain with it.

        Raises:
            Broken: it is not the line that was written after this one.
        """
        said, link = read(line)
        if link.number > self.number + 1:
            raise Broken(f"{_lines(self.number + 1, link.number - 1)} missing before it")
        if link.number <= self.number:
            raise Broken(f"it is numbered {link.number}, after {self.number}")
        if sha256(f"{self.hash}{line.rpartition(MARK)[0]}".encode()).hexdigest() != link.hash:
            raise Broken("it was changed, or the end of the line before it")
        return said, link


def read(line: str) -> tuple[dict[str, Any], Link]:
    """What a line says, and the link that it claims to be, whatever is before it.

    Raises:
        Broken: it is no such line.
    """
    if not line.endswith("\n"):
        raise Broken("it is cut off")
    try:
        said = json.loads(line)
        return said, Link(int(said["n"]), str(said["hash"]))
    except (ValueError, KeyError, TypeError):
        raise Broken("it is no line of an audit") from None


def _lines(first: int, last: int) -> str:
    return f"line {first} is" if first == last else f"lines {first} to {last} are"
