"""The file that keeps keys, `keys.json`, and the pepper beside it: read whole, replaced whole, written under a lock."""

import fcntl
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import ConfigurationError, Fault

PRIVATE = 0o600
SHORTEST_PEPPER = 32

Signature = tuple[int, int, int]


class KeyRecord(BaseModel):
    """What may be shown of a key: never the key, nor what it is checked against. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z2-7]{8}$")
    name: str
    scopes: tuple[str, ...]
    created: AwareDatetime
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None


class StoredKey(BaseModel):
    """A record and the HMAC-SHA256 of its key under the pepper, in hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record: KeyRecord
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class KeyTable(BaseModel):
    """The whole of `keys.json`. `pepper` is the fingerprint of the pepper that its digests were made with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    pepper: str
    keys: tuple[StoredKey, ...] = ()


class KeyFile:
    """`keys.json`, `pepper` and `keys.lock` in one folder.

    Raises, from every method that reads or writes:
        ConfigurationError: the file or the pepper is damaged, missing, foreign or out of reach. Whoever verifies keys
            must then refuse: a damaged file may hide a revocation.
    """

    def __init__(self, folder: Path, pepper: str | None = None):
        self._folder = folder
        self._path = folder / "keys.json"
        self._pepper_path = folder / "pepper"
        self._given_pepper = pepper

    def signature(self) -> Signature | None:
        """What changes whenever the file is replaced; None while there is none."""
        with self._reported(self._path):
            try:
                found = self._path.stat()
            except FileNotFoundError:
                return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def read(self) -> tuple[KeyTable | None, bytes]:
        """The table and the pepper that goes with it; no table and an empty pepper before the first key."""
        with self._reported(self._path):
            try:
                text = self._path.read_bytes()
            except FileNotFoundError:
                return None, b""
        try:
            table = KeyTable.model_validate_json(text)
        except ValidationError as error:
            cure = "Restore it from a backup, or move it away and make new keys"
            raise self._fault(self._path, "is damaged, so no key is accepted", cure) from error
        pepper = self._read_pepper()
        if not hmac.compare_digest(table.pepper, fingerprint(pepper)):
            raise self._fault(self._path, "was made with another pepper", "Give the pepper that it was made with")
        return table, pepper

    @contextmanager
    def edit(self) -> Generator["Edit"]:
        """The table to change, under a lock that other processes wait for; it is written when the block ends well.

        The lock has no deadline: it is held for milliseconds, and the kernel frees it when its holder dies.
        """
        with self._reported(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / "keys.lock", os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table, pepper = self.read()
            if table is None:
                pepper = self._first_pepper()
                table = KeyTable(pepper=fingerprint(pepper))
            change = Edit(table, pepper)
            yield change
            with self._reported(self._path):
                replace(self._path, change.table.model_dump_json(indent=2).encode())
        finally:
            os.close(lock)

    def _first_pepper(self) -> bytes:
        if self._given_pepper is None and not self._pepper_path.exists():
            with self._reported(self._pepper_path):
                replace(self._pepper_path, secrets.token_hex(32).encode())
        return self._read_pepper()

    def _read_pepper(self) -> bytes:
        if self._given_pepper is not None:
            pepper, source = self._given_pepper.strip().encode(), Path("GATEWAY_KEY_PEPPER")
        else:
            with self._reported(self._pepper_path):
                pepper, source = self._pepper_path.read_bytes().strip(), self._pepper_path
        if len(pepper) < SHORTEST_PEPPER:
            raise self._fault(source, "is too short", f"A pepper has at least {SHORTEST_PEPPER} random characters")
        return pepper

    @contextmanager
    def _reported(self, path: Path) -> Generator[None]:
        try:
            yield
        except OSError as error:
            cure = "Restore it from a backup, or let this user read and write it"
            raise self._fault(path, f"cannot be used ({error.strerror})", cure) from error

    @staticmethod
    def _fault(path: Path, problem: str, cure: str) -> ConfigurationError:
        return ConfigurationError([Fault(str(path), "", problem, cure)])


class Edit:
    """A change under way: put the new table in `table`."""

    def __init__(self, table: KeyTable, pepper: bytes):
        self.table = table
        self.pepper = pepper

    def put(self, stored: StoredKey) -> None:
        """Add a key, or replace the one of the same id."""
        others = tuple(other for other in self.table.keys if other.record.id != stored.record.id)
        self.table = self.table.model_copy(update={"keys": (*others, stored)})


def fingerprint(pepper: bytes) -> str:
    """What tells two peppers apart without giving either away."""
    return hmac.new(pepper, b"fingerprint", hashlib.sha256).hexdigest()[:16]


def replace(path: Path, content: bytes) -> None:
    """Put `content` where `path` is: whole, for this user only (`mkstemp` gives 0600), and safely on the disk."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # an interrupt too: half a file is of no use
        os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
