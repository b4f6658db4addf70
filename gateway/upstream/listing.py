"""Ask an upstream what it offers, and keep the last good answer on disk."""

import asyncio
import hashlib
import os
import time
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from gateway.catalog.freshness import Hints, hints_of, least
from gateway.config.model import UpstreamConfig
from gateway.errors import METHOD_NOT_FOUND, UpstreamAnswered, UpstreamBroken
from gateway.model.listing import Definition, Listing
from gateway.upstream.connect import Speech
from gateway.upstream.entries import LISTS, List, oddities, take
from gateway.upstream.listener import SILENT
from gateway.upstream.session import ServerFacts, Session

T = TypeVar("T")

MAX_PAGES = 250
MAX_ITEMS = 10_000
MAX_FAULTS = 100


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
    faults = dict.fromkeys(fault for _, told, _ in heard for fault in told)
    hints = {each.method: hint for each, (_, _, hint) in zip(wanted.values(), heard, strict=True) if hint is not None}
    return Listing(
        **lists,
        capabilities=offered,
        instructions=facts.instructions,
        info=facts.info,
        hints=hints,
        heard_at=time.time(),
        faults=tuple(faults)[:MAX_FAULTS],
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
    namespace: str, session: Session, wanted: List
) -> tuple[tuple[Definition, ...], list[str], Hints | None]:
    """Its entries, what is wrong with it, and its hints; without those where there is no such list."""
    items: dict[str, Definition] = {}
    hints: list[Hints] = []
    faults: list[str] = []
    cursor: str | None = None
    seen: set[str] = set()
    told = 0
    for _ in range(MAX_PAGES):
        try:
            params = {} if cursor is None else {"cursor": cursor}
            page = await session.request(wanted.method, params, SILENT, {})
        except UpstreamAnswered as error:
            if error.code == METHOD_NOT_FOUND:
                return (), [], None
            raise UpstreamBroken(namespace, f"answered {wanted.method} with error {error.code}.") from error
        entries = page.get(wanted.key)
        told += len(entries) if isinstance(entries, list) else 0
        if told > MAX_ITEMS:  # before they are looked at, which takes its time
            break
        faults += take(page, wanted, items)
        del faults[MAX_FAULTS:]
        hints.append(hints_of(page))
        cursor = page.get("nextCursor")
        if not isinstance(cursor, str) or not cursor:
            faults += oddities(namespace, wanted, items, session.era)
            return tuple(items.values()), faults, least(hints)
        if cursor in seen:
            raise UpstreamBroken(namespace, f"gives cursors for {wanted.method} that run in a circle.")
        seen.add(cursor)
    raise UpstreamBroken(
        namespace, f"has no end of {wanted.method}: more than {MAX_PAGES} pages or {MAX_ITEMS} entries."
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is kept of an upstream between two runs."""

    listing: Listing
    speech: Speech | None
    stateful: bool


class ListingFile:
    """The last good listing of one upstream, under the state directory. A file that is damaged counts as absent."""

    def __init__(self, folder: Path, namespace: str, config: UpstreamConfig):
        if config.chaos is not None:
            folder /= "chaos"  # what it offers there must be no other run's last good listing
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
