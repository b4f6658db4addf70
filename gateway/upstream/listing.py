"""Ask an upstream what it offers, and keep the last good answer on disk."""

import asyncio
import hashlib
import os
import time
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson
from mcp.shared.inbound import find_invalid_x_mcp_header

from gateway.catalog.freshness import Hints, hints_of, least
from gateway.config.model import UpstreamConfig
from gateway.errors import METHOD_NOT_FOUND, UpstreamAnswered, UpstreamBroken
from gateway.model.listing import Definition, Listing
from gateway.upstream.connect import Speech
from gateway.upstream.session import SILENT, ServerFacts, Session

T = TypeVar("T")

MAX_PAGES = 250
MAX_ITEMS = 10_000
MAX_DEPTH = 100
MAX_FAULTS = 100
SHOWN_NAME = 80
SHOWN_REASON = 200


class _List(NamedTuple):
    """One of the four lists: its method, its key in the result, what identifies an item, the capability it needs."""

    method: str
    key: str
    identity: str
    capability: str


LISTS = {
    "tools": _List("tools/list", "tools", "name", "tools"),
    "resources": _List("resources/list", "resources", "uri", "resources"),
    "templates": _List("resources/templates/list", "resourceTemplates", "uriTemplate", "resources"),
    "prompts": _List("prompts/list", "prompts", "name", "prompts"),
}


async def fetch(namespace: str, session: Session) -> Listing:
    """The four lists, asked for side by side. The caller sets the deadline.

    Raises:
        UpstreamError: a list could not be had; a half answer is none.
    """
    facts = await _described(namespace, session)
    offered = facts.capabilities
    wanted = {name: each for name, each in LISTS.items() if not offered or each.capability in offered}
    heard = await _together([_fetch_list(namespace, session, each) for each in wanted.values()])
    lists: dict[str, Any] = {name: items for name, (items, _, _) in zip(wanted, heard, strict=True)}
    faults = [fault for _, told, _ in heard for fault in told]
    hints = {each.method: hint for each, (_, _, hint) in zip(wanted.values(), heard, strict=True) if hint is not None}
    return Listing(
        **lists,
        capabilities=offered,
        instructions=facts.instructions,
        info=facts.info,
        hints=hints,
        heard_at=time.time(),
        faults=tuple(faults[:MAX_FAULTS]),
    )


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all, or the first failure, with the others ended.

    Neither a TaskGroup of Python 3.11 nor `gather` will do: a cancellation that comes along with a failure is lost
    there, and with it the end of a task that runs for ever.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _described(namespace: str, session: Session) -> ServerFacts:
    try:
        return await session.describe()
    except UpstreamAnswered as error:
        raise UpstreamBroken(namespace, f"answered server/discover with error {error.code}.") from error


async def _fetch_list(
    namespace: str, session: Session, wanted: _List
) -> tuple[tuple[Definition, ...], list[str], Hints | None]:
    """Its entries, what is wrong with it, and its hints; without those where there is no such list."""
    items: dict[str, Definition] = {}
    hints: list[Hints] = []
    faults: list[str] = []
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        try:
            params = {} if cursor is None else {"cursor": cursor}
            page = await session.request(wanted.method, params, SILENT, {})
        except UpstreamAnswered as error:
            if error.code == METHOD_NOT_FOUND:
                return (), [], None
            raise UpstreamBroken(namespace, f"answered {wanted.method} with error {error.code}.") from error
        faults = [*faults, *_take(page.get(wanted.key), wanted, items)][:MAX_FAULTS]
        hints.append(hints_of(page))
        cursor = page.get("nextCursor")
        if not isinstance(cursor, str) or not cursor:
            return tuple(items.values()), faults, least(hints)
        if cursor in seen:
            raise UpstreamBroken(namespace, f"gives cursors for {wanted.method} that run in a circle.")
        seen.add(cursor)
        if len(items) > MAX_ITEMS:
            break
    raise UpstreamBroken(
        namespace, f"has no end of {wanted.method}: more than {MAX_PAGES} pages or {MAX_ITEMS} entries."
    )


def _take(page: Any, wanted: _List, items: dict[str, Definition]) -> list[str]:
    """Add a page's entries to `items`; what cannot be used is told, and spoils nothing else."""
    if not isinstance(page, list):
        return [f"{wanted.method}: a page without its {wanted.key}"]
    faults = []
    for item in page:
        identity = item.get(wanted.identity) if isinstance(item, dict) else None
        if not isinstance(identity, str) or not identity:
            faults.append(f"{wanted.method}: an entry without its {wanted.identity}")
        elif _is_deep(item, MAX_DEPTH):
            faults.append(f"{wanted.method}: {identity[:SHOWN_NAME]!r} is left out: it has over {MAX_DEPTH} levels")
        elif wanted.key == "tools" and (reason := find_invalid_x_mcp_header(item.get("inputSchema"))):
            faults.append(f"{wanted.method}: {identity[:SHOWN_NAME]!r} is left out: {reason[:SHOWN_REASON]}")
        elif identity in items:
            faults.append(f"{wanted.method}: {identity[:SHOWN_NAME]!r} is there twice; the first is kept")
        else:
            items[identity] = item
    return faults


def _is_deep(value: Any, left: int) -> bool:
    """Whether JSON has more levels than that: what can be read is far deeper than what can be written again."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_is_deep(each, left - 1) for each in inner if isinstance(each, dict | list))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is kept of an upstream between two runs."""

    listing: Listing
    speech: Speech | None
    stateful: bool


class ListingFile:
    """The last good listing of one upstream, under the state directory. A file that is damaged counts as absent."""

    def __init__(self, folder: Path, namespace: str, config: UpstreamConfig):
        self._path = folder / "listings" / f"{namespace}.listing"
        self._identity = identity(config)

    def load(self) -> Remembered | None:
        """What was kept, if it was heard from this very upstream."""
        try:
            digest, _, content = self._path.read_bytes().partition(b"\n")
            kept = orjson.loads(content)
            if digest != _digest(content) or kept["identity"] != self._identity:
                return None
            listing: dict[str, Any] = {
                name: tuple(v) if isinstance(v, list) else v for name, v in kept["listing"].items()
            }
            speech = Speech(*kept["speech"]) if kept["speech"] else None
            return Remembered(Listing(**listing), speech, bool(kept["stateful"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, remembered: Remembered) -> None:
        """Replace what was kept, at once or not at all.

        Raises:
            OSError: the state directory cannot be written.
        """
        content: Mapping[str, Any] = {
            "identity": self._identity,
            "listing": asdict(remembered.listing),
            "speech": remembered.speech and list(remembered.speech),
            "stateful": remembered.stateful,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}.new")
        encoded = orjson.dumps(content)
        new.write_bytes(_digest(encoded) + b"\n" + encoded)
        new.replace(self._path)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def identity(config: UpstreamConfig) -> str:
    """A digest of where an upstream is, so that another one under its name does not inherit its listing."""
    where = orjson.dumps([config.url, config.command, config.args, str(config.cwd), config.transport, config.era])
    return hashlib.sha256(where).hexdigest()[:16]
