"""One HTTP request, byte for byte, and what came back, but for what two gateways never have in common."""

import contextlib
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATIENCE = 10.0
# Of one moment, or of one process.
OTHER_EACH_TIME = frozenset({"date", "content-length", "transfer-encoding", "mcp-session-id"})
RANDOM = re.compile(r"[0-9a-f]{32}")
NUMBER = re.compile(r"\d+(\.\d+)?")
SEALED = ("requestState", "taskId")

Headers = tuple[tuple[str, str], ...]


class Sent(NamedTuple):
    """A request.

    A header whose value is the name of something that a gateway gave out (`targets.py`) has that instead. `cuts` are
    where the body is split, and `kept` how many bytes of it are sent before the client stops; None for all.
    """

    headers: Headers
    body: bytes
    cuts: tuple[int, ...] = ()
    kept: int | None = None
    chunked: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back. `messages` is a text where it is no JSON-RPC; the status is 0 where nothing came."""

    status: int
    headers: Mapping[str, str]
    messages: Any

    def __str__(self) -> str:
        """All of it, a line for each thing: two answers are the same if these are, to the type of each number."""
        return json.dumps([self.status, self.headers, self.messages], indent=1, sort_keys=True)

    def final(self) -> Any:
        """The last message, which is the response."""
        return self.messages[-1] if isinstance(self.messages, list) and self.messages else None

    def with_final(self, final: Any) -> "Answer":
        return replace(self, messages=[*self.messages[:-1], final])


NOTHING = Answer(0, {}, "")


class Pending:
    """A request that was sent to one gateway, which knows `tokens` by their names, and is waited for."""

    def __init__(self, url: str, sent: Sent, tokens: Mapping[str, str]):
        place = urlsplit(url)
        self._connection = HTTPConnection(place.netloc, timeout=PATIENCE)
        self._is_stream = b"subscriptions/listen" in sent.body
        with contextlib.suppress(ConnectionError):  # it may answer before it has read everything
            self._send(place.path, sent, tokens)

    def _send(self, path: str, sent: Sent, tokens: Mapping[str, str]) -> None:
        connection = self._connection
        connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in sent.headers:
            connection.putheader(name, tokens.get(value, value).encode("latin-1"))
        connection.putheader(*(("transfer-encoding", "chunked") if sent.chunked else _length(sent)))
        connection.endheaders()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in _pieces(sent):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if sent.chunked else piece)
        if sent.kept is not None:
            connection.sock.shutdown(socket.SHUT_WR)
        elif sent.chunked:
            connection.send(b"0\r\n\r\n")

    def answer(self) -> Answer:
        """What came back, closed after its first event if it has no end."""
        with contextlib.closing(self._connection):
            try:
                response = self._connection.getresponse()
                text = self._text(response).decode()
            except (HTTPException, ConnectionError):
                return NOTHING
        headers = {name.lower(): value for name, value in response.getheaders()}
        kept = {name: value for name, value in headers.items() if name not in OTHER_EACH_TIME}
        return Answer(response.status, kept, _messages(headers.get("content-type", ""), RANDOM.sub("<random>", text)))

    def _text(self, response: HTTPResponse) -> bytes:
        if not self._is_stream or response.getheader("content-type") != "text/event-stream":
            return response.read()
        return b"".join(iter(response.readline, b"\r\n"))


def _length(sent: Sent) -> tuple[str, str]:
    return "content-length", str(len(sent.body))


def _pieces(sent: Sent) -> list[bytes]:
    body = sent.body[: sent.kept]
    ends = sorted({cut for cut in sent.cuts if 0 < cut < len(body)})
    return [body[start:end] for start, end in zip([0, *ends], [*ends, len(body)], strict=True) if end > start]


def _messages(content_type: str, text: str) -> Any:
    try:
        if content_type.startswith("text/event-stream"):
            data = [line[5:].strip() for line in text.split("\n") if line.startswith("data:")]
            return [_comparable(json.loads(each or "null")) for each in data]  # one without data begins a stream
        return [_comparable(json.loads(text))] if content_type.startswith("application/json") else text
    except ValueError:
        return text


def _comparable(value: Any) -> Any:
    """`value` without what is sealed, measured, or counted in one process."""
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _at(key, each, value) for key, each in value.items()}


def _at(key: str, value: Any, within: Mapping[str, Any]) -> Any:
    if key in SEALED and isinstance(value, str):
        return "<sealed>"
    if key == "ttlMs" and isinstance(value, int):
        return 0
    if key == "text" and within.get("uri") in ("status://system", "config://server"):
        return NUMBER.sub("0", value).replace("true", "false")
    return _comparable(value)
