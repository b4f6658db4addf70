"""Bearer keys: made, listed, revoked, and verified without saying which part of a wrong one was right.

A key is `gw_<id>_<secret>`: 40 random bits that name it and 256 that prove it. Of the key itself only its HMAC-SHA256
under a pepper is kept.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from gateway.model.principal import Principal
from gateway.policy.authorize import check_scope
from gateway.policy.keyfile import KeyFile, KeyRecord, Signature, StoredKey

KEY = re.compile(r"gw_([a-z2-7]{8})_[A-Za-z0-9_-]{43}")
NOBODYS_KEY = f"gw_{'a' * 8}_{'A' * 43}"
NOBODYS_DIGEST = "0" * 64
LONGEST_NAME = 64
# With the half second for which a proof may be remembered (`recent.py`), the second that is promised.
RECHECK_SECONDS = 0.5


class KeyStore:
    """The keys in one state directory, shared with every process that uses it.

    A key made or revoked elsewhere is seen within a second, a new one at once. Every method raises
    `ConfigurationError` when the file is damaged: no key is accepted then, not even one accepted a moment ago.

    Args:
        folder: the state directory; made at the first key.
        pepper: the value of `GATEWAY_KEY_PEPPER`; without it the file `pepper` in the folder, made at the first key.
        clock: POSIX seconds.
    """

    def __init__(self, folder: Path, pepper: str | None = None, clock: Callable[[], float] = time.time):
        self._file = KeyFile(folder, pepper)
        self._clock = clock
        self._signature: Signature | None = None
        self._checked: float | None = None
        self._stored: dict[str, StoredKey] = {}
        self._pepper = b""

    def is_empty(self) -> bool:
        """Whether no key was ever made. A revoked one counts: revoking the last key must not open the gateway."""
        self._refresh()
        return not self._stored

    def create(self, name: str, scopes: Iterable[str], expires: datetime | None = None) -> tuple[KeyRecord, str]:
        """Make a key and return its record and the key itself, which nobody can show again.

        Raises:
            ValueError: a name, scope or expiry that cannot be; the message says what would do.
        """
        record = KeyRecord(
            id=base64.b32encode(secrets.token_bytes(5)).decode().lower(),
            name=_checked_name(name),
            scopes=_checked_scopes(scopes),
            created=self._now(),
            expires=self._checked_expiry(expires),
        )
        key = f"gw_{record.id}_{secrets.token_urlsafe(32)}"
        with self._file.edit() as change:
            change.put(StoredKey(record=record, digest=_digest(change.pepper, key)))
        return record, key

    def list(self) -> tuple[KeyRecord, ...]:
        """All keys, revoked and expired ones included, oldest first."""
        self._refresh()
        return tuple(sorted((stored.record for stored in self._stored.values()), key=lambda record: record.created))

    def revoke(self, key_id: str) -> KeyRecord:
        """Refuse a key from now on; revoking it again changes nothing.

        Raises:
            LookupError: no key has this id.
        """
        with self._file.edit() as change:
            stored = next((stored for stored in change.table.keys if stored.record.id == key_id), None)
            if stored is None:
                raise LookupError(
                    "No key has this id. `gateway keys list` shows the ids; a key's id is its second part"
                )
            if stored.record.revoked is None:
                record = stored.record.model_copy(update={"revoked": self._now()})
                stored = stored.model_copy(update={"record": record})
                change.put(stored)
        return stored.record

    def verify(self, key: str) -> Principal | None:
        """Who holds this key, or None. Digests are compared in constant time, on a miss with nobody's."""
        match = KEY.fullmatch(key)
        stored = self._find(match[1]) if match else None
        digest = _digest(self._pepper, key if match else NOBODYS_KEY)
        right = hmac.compare_digest(digest, stored.digest if stored else NOBODYS_DIGEST)
        if stored is None or not right or not self._is_live(stored.record):
            return None
        return Principal(f"key:{stored.record.id}", frozenset(stored.record.scopes), "key")

    def _find(self, key_id: str) -> StoredKey | None:
        if self._is_stale() or key_id not in self._stored:
            self._refresh()
        return self._stored.get(key_id)

    def _is_stale(self) -> bool:
        return self._checked is None or abs(self._clock() - self._checked) >= RECHECK_SECONDS

    def _refresh(self) -> None:
        signature = self._file.signature()
        if signature != self._signature:
            table, self._pepper = self._file.read()
            self._stored = {stored.record.id: stored for stored in table.keys} if table else {}
            self._signature = signature
        self._checked = self._clock()

    def _is_live(self, record: KeyRecord) -> bool:
        return record.revoked is None and (record.expires is None or self._now() < record.expires)

    def _checked_expiry(self, expires: datetime | None) -> datetime | None:
        if expires is None:
            return None
        if expires.tzinfo is None:
            raise ValueError("An expiry needs a time zone")
        if expires <= self._now():
            raise ValueError("An expiry lies in the future")
        return expires.astimezone(UTC)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _digest(pepper: bytes, key: str) -> str:
    return hmac.new(pepper, key.encode(), hashlib.sha256).hexdigest()


def _checked_name(name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValueError(f"A key's name has 1 to {LONGEST_NAME} printable characters")
    return name


def _checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    checked = tuple(dict.fromkeys(check_scope(scope) for scope in scopes))
    if not checked:
        raise ValueError("A key without a scope may do nothing: give at least one, such as `data:read`, or `*` for all")
    return checked
