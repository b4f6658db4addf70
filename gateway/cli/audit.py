"""`gateway audit`: who called what, and whether what is written of it is whole. It works while a gateway runs."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_table, print_text, say
from gateway.config.load import load
from gateway.observe.audit_file import slots
from gateway.observe.audit_read import Trail, Wanted, search, verify

SHOWN_SECONDS = len("2026-11-23T21:22:09")


def find(
    *,
    principal: Annotated[str, Parameter(help="Who called: `key:ID`, `jwt:ISSUER#SUB`, `loopback`, `stdio`.")] = "",
    tool: Annotated[str, Parameter(help="Public name of a tool, prompt or resource; `*` stands for anything.")] = "",
    namespace: Annotated[str, Parameter(help="Service or upstream.")] = "",
    outcome: Annotated[str, Parameter(help="ok, tool_error, refused, error, cancelled, or unknown.")] = "",
    since: Annotated[datetime | None, Parameter(help="From this time on: 2026-11-23, or with T21:22:09.")] = None,
    until: Annotated[datetime | None, Parameter(help="Before this time.")] = None,
    last: Annotated[timedelta | None, Parameter(help="From so long ago on, as 30m, 12h or 7d.")] = None,
    limit: Annotated[int, Parameter(help="So many at most, the newest; 0 for all.")] = 100,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> Exit:
    """Print the calls that were made, oldest first. Times are UTC unless they say otherwise."""
    folder = load(config).audit_dir
    if not _there(folder):
        return Exit.FAILED
    since = datetime.now(UTC) - last if last is not None else since
    found = search(folder, Wanted(principal, tool, namespace, outcome, _text(since), _text(until)))
    shown = found[-limit:] if limit else found
    if as_json:
        print_json(shown)
    else:
        print_table(("at", "outcome", "principal", "name", "era", "seconds", "error"), [_row(each) for each in shown])
    if len(shown) < len(found):
        say(f"\nThe newest {len(shown)} of {len(found)} calls; --limit 0 prints all.")
    return Exit.WELL


def check(
    *,
    holds: Annotated[str, Parameter(help="A hash noted earlier, which must still be there.")] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> Exit:
    """Say whether every line is as it was written, with none missing in between; 1 if not."""
    folder = load(config).audit_dir
    if not _there(folder):
        return Exit.FAILED
    trails, held = verify(folder, holds)
    well = not any(trail.faults for trail in trails) and (held or not holds)
    if as_json:
        print_json({"well": well, "files": [_shown(trail) for trail in trails]} | ({"holds": held} if holds else {}))
        return Exit.WELL if well else Exit.FAILED
    rows = [(str(t.slot), str(t.lines), str(t.end.number), str(len(t.faults)), t.end.hash) for t in trails]
    print_table(("files", "lines", "last", "faults", "hash of the last line"), rows)
    for fault in (fault for trail in trails for fault in trail.faults):
        print_error(fault)
    for note in (note for trail in trails for note in trail.notes):
        say(f"note: {note}")
    if holds and not held:
        print_error("no line has the hash that it must hold", "lines were cut off or changed since it was noted")
    if well:
        print_text("Every line is as it was written, and none is missing between the first and the last.")
    return Exit.WELL if well else Exit.FAILED


def _there(folder: Path) -> bool:
    if not slots(folder):
        print_error("there is no audit", "it is written where [audit] has enabled = true, from the first call on")
        return False
    return True


def _text(at: datetime | None) -> str:
    """A time as the lines have it; empty for none."""
    if at is None:
        return ""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _row(call: dict[str, Any]) -> tuple[str, ...]:
    at = str(call["at"])[:SHOWN_SECONDS]
    seconds = "" if call["seconds"] is None else f"{call['seconds']:.3f}"
    return at, call["outcome"], call["subject"], call["name"], call["era"], seconds, call["error"]


def _shown(trail: Trail) -> dict[str, Any]:
    found = {key: value for key, value in asdict(trail).items() if not key.startswith("_")}
    return found | {"end": asdict(trail.end)}
