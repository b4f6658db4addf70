"""`python -m tests.upstreams.raw.stdio`: the raw upstream over standard input and output, in both eras."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.upstreams.raw import modern
from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.caller import ModernCaller
from tests.upstreams.raw.control import control_from
from tests.upstreams.raw.options import parser, settings
from tests.upstreams.raw.pipe import FLOODS, INSTEAD, Pipe, crash, flood, leave_child
from tests.upstreams.raw.session import Session, is_answer, is_notification, is_request
from tests.upstreams.raw.streams import Stream
from tests.upstreams.raw.wire import INVALID_REQUEST, PARSE_ERROR, Json, RpcError, params_of
from tests.upstreams.record import Record, decoded, described

FLOOD = b"\x1b[31mwarning\x1b[0m: nobody reads this\n" * 32_768
LONGEST_LINE = 64 * 1024 * 1024


class Stdio:
    """One process's conversation: legacy in one session, modern request by request, on the same two pipes."""

    def __init__(self, behaviour: Behaviour, chosen: argparse.Namespace):
        self._behaviour = behaviour
        self._chosen = chosen
        self._pipe = Pipe(noisy=chosen.noise_on_stdout)
        self._session = Session(behaviour)
        self._running: dict[Any, asyncio.Task[None]] = {}
        self._control_seen = 0

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Until stdin ends."""
        watching = [asyncio.create_task(self._push_beside()), asyncio.create_task(self._watch_control())]
        async for line in lines:
            self._read_control()
            self._hear(line)
        for task in (*watching, *self._running.values()):
            task.cancel("stream")
        await asyncio.gather(*watching, *self._running.values(), return_exceptions=True)

    def _hear(self, line: bytes) -> None:
        message = decoded(line)
        known = described(message)
        self._behaviour.record.add("request", body=message, **known)
        if self._chosen.silent:
            return
        if self._chosen.crash_on and self._chosen.crash_on in known.values():
            crash()
        if is_request(message):
            self._running[message["id"]] = asyncio.create_task(self._serve(message))
        elif is_notification(message):
            self._notified(message)
        elif is_answer(message):
            self._session.answered(message)
        else:
            code = PARSE_ERROR if isinstance(message, str) else INVALID_REQUEST
            self._pipe.put(RpcError(code, "Not a JSON-RPC message").answer(None))

    def _notified(self, message: Json) -> None:
        """Cancellation is the only notification that asks for something (basic/transports/stdio)."""
        request_id = params_of(message).get("requestId")
        if self._session.runs(request_id):
            self._session.notified(message)
        elif message["method"] == "notifications/cancelled" and request_id in self._running:
            self._running[request_id].cancel("notification")

    async def _serve(self, message: Json) -> None:
        control = self._behaviour.switch.control
        fault = self._behaviour.switch.strike(message["method"])
        try:
            if fault == "close_before":
                crash()
            elif fault == "leave_child":
                leave_child()
            elif fault is not None and fault in FLOODS:
                await flood(FLOODS[fault])
            elif fault in INSTEAD:
                self._pipe.put_instead(fault)
            elif fault != "hang" and (final := await self._final(message)) is not None:
                await self._pipe.finish(final, fault, control)
        finally:
            del self._running[message["id"]]

    async def _final(self, message: Json) -> Json | None:
        era = self._behaviour.settings.era
        if era == "modern" or (era == "both" and modern.says_modern(message)):
            return await self._modern(message)
        return await self._session.request(message, {}, self._pipe.put)

    async def _modern(self, message: Json) -> Json | None:
        try:
            modern.check_request(message)
            modern.check_version(self._behaviour, message)
            modern.check_method(self._behaviour, message)
            if message["method"] == "subscriptions/listen":
                return await self._listen(message)
        except RpcError as refusal:
            return refusal.answer(message["id"])
        return await modern.answered(self._behaviour, message, ModernCaller(params_of(message), {}, self._pipe.put))

    async def _listen(self, message: Json) -> None:
        """Its answer, if the upstream ends it, comes on the stream too."""
        stream = Stream()
        subscription = modern.Subscription(self._behaviour, message, stream)
        try:
            with self._behaviour.record.running("subscriptions/listen", ""):
                async for _, each in stream.follow():
                    self._pipe.put(each)
        finally:
            subscription.close()

    async def _push_beside(self) -> None:
        while True:
            async for _, message in self._session.beside.follow():
                self._pipe.put(message)

    async def _watch_control(self) -> None:
        """So that a change is told while nobody asks for anything."""
        while True:
            await asyncio.sleep(0.05)
            self._read_control()

    def _read_control(self) -> None:
        """Each write makes a new time of change, so the same control twice happens twice."""
        path: Path | None = self._chosen.control
        if path is None or not path.exists():
            return
        seen = path.stat().st_mtime_ns
        if seen != self._control_seen:
            self._control_seen = seen
            self._behaviour.change(control_from(json.loads(path.read_text())))


async def run(chosen: argparse.Namespace) -> None:
    record = Record(chosen.record)
    record.add("spawned")
    if chosen.flood_stderr:
        sys.stderr.buffer.write(FLOOD)
        sys.stderr.flush()
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await Stdio(Behaviour(settings(chosen), record), chosen).run(lines)
    record.add("exited")


def main() -> None:
    options = parser("A raw MCP server over stdio")
    options.add_argument("--control", type=Path, help="a JSON file that says how to behave, read when it changes")
    options.add_argument("--crash-on", default="", help="exit with status 70 at this method or name")
    options.add_argument("--noise-on-stdout", action="store_true")
    options.add_argument("--flood-stderr", action="store_true")
    options.add_argument("--silent", action="store_true")
    asyncio.run(run(options.parse_args()))


if __name__ == "__main__":
    main()
