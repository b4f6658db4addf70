"""`gateway keys`: makes, lists and revokes the keys that callers show. It works while a gateway runs."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_table, print_text, say
from gateway.config.load import load
from gateway.policy.keyfile import KeyRecord
from gateway.policy.keys import KeyStore

Scopes = Annotated[
    tuple[str, ...],
    Parameter(negative="", help="What it may do: `data:read`, `github:*`, `data_query`, `*`. Repeatable."),
]
Duration = Annotated[timedelta | None, Parameter(help="How long it holds, as 12h, 30d or 1y; without it for ever.")]


def create(
    name: str,
    /,
    *,
    scope: Scopes,
    expires_in: Duration = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> Exit:
    """Make a key and print it, this once; everything else goes to stderr.

    Parameters
    ----------
    name
        Whose it is, or what it is for.
    """
    keys = _store(config)
    is_first = keys.is_empty()
    try:
        expires = None if expires_in is None else datetime.now(UTC) + expires_in
        record, key = keys.create(name, scope, expires)
    except (ValueError, OverflowError) as error:
        print_error("no key was made", str(error))
        return Exit.USAGE
    if as_json:
        print_json({**_shown(record), "key": key})
    else:
        print_text(key)
    say(f"Key {record.id} may: {', '.join(record.scopes)}. Keep it now: it is not shown again.")
    if is_first:
        say("It is the first: a gateway that is running asks for keys only once it is started again.")
    return Exit.WELL


def list_keys(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List all keys by their ids; the keys themselves are kept nowhere."""
    records = _store(config).list()
    if as_json:
        print_json([_shown(record) for record in records])
        return
    now = datetime.now(UTC)
    rows = [(each.id, each.name, " ".join(each.scopes), _day(each.created), _state(each, now)) for each in records]
    print_table(("id", "name", "scopes", "created", "state"), rows)


def revoke(key_id: Annotated[str, Parameter(name="ID")], /, *, config: ConfigFile = None) -> Exit:
    """Refuse a key from now on, in running gateways too, within a second.

    Parameters
    ----------
    key_id
        The key's id, as `gateway keys list` shows it.
    """
    try:
        record = _store(config).revoke(key_id)
    except LookupError as error:
        print_error("no key was revoked", str(error))
        return Exit.FAILED
    say(f"Key {record.id} ({record.name}) is revoked.")
    return Exit.WELL


def _store(config: Path | None) -> KeyStore:
    return KeyStore(load(config).state_dir, os.environ.get("GATEWAY_KEY_PEPPER"))


def _shown(record: KeyRecord) -> dict[str, object]:
    return {**record.model_dump(mode="json"), "state": _state(record, datetime.now(UTC))}


def _state(record: KeyRecord, now: datetime) -> str:
    if record.revoked is not None:
        return f"revoked {_day(record.revoked)}"
    if record.expires is None:
        return "valid"
    return f"{'valid until' if now < record.expires else 'expired'} {_day(record.expires)}"


def _day(at: datetime) -> str:
    return at.date().isoformat()
