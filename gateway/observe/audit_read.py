"""Reading an audit: whether it is whole, and who called what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from gateway.observe.audit_file import files_of, slots
from gateway.observe.chain import Broken, Link, read

Line = dict[str, Any]


@dataclass
class Trail:
    """What was found of the files of one slot.

    `faults` are places where something is wrong, `notes` what may be right. `end` is the last link: whoever keeps its
    hash elsewhere can show later that nothing was cut off up to there.
    """

    slot: int
    lines: int = 0
    lost: int = 0
    end: Link = field(default_factory=Link)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _run: str = ""
    _closed: bool = True

    def look(self, file: Path, number: int, line: str) -> str:
        """Take the next line into account; its hash, as it says it."""
        self.lines += 1
        where = f"{file.name}, line {number}"
        try:
            said, claimed = read(line)
        except Broken as broken:
            self.faults.append(f"{where}: {broken}")
            return ""
        if self.lines == 1 and said.get("record") == "opened":
            self._begin(said, claimed)
        try:
            said, self.end = self.end.follow(line)
        except Broken as broken:
            self.faults.append(f"{where}: {broken}")
            self.end = claimed
        self._remember(where, said)
        return claimed.hash

    def _begin(self, said: Line, claimed: Link) -> None:
        self.end = Link(claimed.number - 1, str(said.get("previous")))
        if claimed.number > 1:
            self.notes.append(f"it begins with line {claimed.number}: older files were deleted")

    def _remember(self, where: str, said: Line) -> None:
        record = said.get("record")
        if record == "opened" and said.get("run") != self._run:
            if not self._closed:
                self.notes.append(f"{where}: the run before it was killed, or its last lines were cut off")
            self._run = str(said.get("run"))
        if record == "lost":
            self.lost += int(said.get("lines", 0))
            self.notes.append(f"{where}: {said.get('lines')} calls before it could not be written")
        self._closed = record == "closed"


def verify(folder: Path, known: str = "") -> tuple[list[Trail], bool]:
    """What was found of each slot, and whether the hash `known` is that of one of the lines."""
    trails, found = [], False
    for slot in slots(folder):
        trail = Trail(slot)
        for file, number, line in _lines(folder, slot):
            found |= trail.look(file, number, line) == known != ""
        trails.append(trail)
    return trails, found


@dataclass(frozen=True)
class Wanted:
    """Which calls to find: empty means any. `tool` may have `*`; times are as the lines have them, `until` excluded."""

    principal: str = ""
    tool: str = ""
    namespace: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""

    def fits(self, call: Line) -> bool:
        """Whether this is one of them."""
        exact = {"subject": self.principal, "namespace": self.namespace, "outcome": self.outcome}
        if any(value and call.get(key) != value for key, value in exact.items()):
            return False
        if self.tool and not fnmatchcase(str(call.get("name")), self.tool):
            return False
        at = str(call.get("at"))
        return at >= self.since and (not self.until or at < self.until)


def search(folder: Path, wanted: Wanted) -> list[Line]:
    """The calls, oldest first. One that began, and of whose end nothing is written, has the outcome `unknown`."""
    found = (call for slot in slots(folder) for call in _calls(folder, slot))
    return sorted(filter(wanted.fits, found), key=lambda call: str(call["at"]))


def _calls(folder: Path, slot: int) -> Iterator[Line]:
    begun: dict[tuple[Any, Any], Line] = {}
    for _, _, line in _lines(folder, slot):
        try:
            said, _ = read(line)
        except Broken:
            continue  # `verify` is who tells
        call = said.get("request_id"), said.get("at")
        if said.get("record") == "begun":
            begun[call] = {**said, "record": "call", "outcome": "unknown", "seconds": None, "error": ""}
        elif said.get("record") == "call":
            begun.pop(call, None)
            yield said
    yield from begun.values()


def _lines(folder: Path, slot: int) -> Iterator[tuple[Path, int, str]]:
    for file in files_of(folder, slot):
        with file.open(encoding="utf-8", errors="replace", newline="\n") as opened:
            for number, line in enumerate(opened, start=1):
                yield file, number, line
