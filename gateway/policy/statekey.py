"""The key that seals what clients carry for us from one round of a call to the next (`basic/patterns/mrtr`)."""

import logging
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from gateway.errors import ConfigurationError, Fault

log = logging.getLogger(__name__)

SHORTEST = 32
"""Characters. The SDK, which derives its AES key from ours, takes no less."""


class StateKey:
    """The configured key, or one that all processes on this machine share: made once, and kept in `state.key`.

    Raises:
        ConfigurationError: the file is there and cannot be used.
    """

    def __init__(self, state_dir: Path, configured: SecretStr | None = None):
        self._path = state_dir / "state.key"
        self._key = configured.get_secret_value().encode() if configured is not None else self._kept()

    def read(self) -> bytes:
        """The key. The first process that needs one makes it; where it cannot be kept, that process alone has it."""
        if self._key is None:
            try:
                self._key = self._shared()
            except OSError as error:
                cure = "No other process can answer for this one in mid-call: set server.state_key."
                log.warning("%s cannot be kept (%s). %s", self._path, error.strerror, cure)
                self._key = _random()
        return self._key

    def _kept(self) -> bytes | None:
        try:
            key = self._path.read_bytes().strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._fault(f"cannot be read ({error.strerror})") from error
        if len(key) < SHORTEST:
            raise self._fault("is damaged")
        return key

    def _shared(self) -> bytes:
        """A new key, or that of the process which was first: a link never replaces, and shows a file only whole."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_random())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(temporary, self._path)
        finally:
            os.unlink(temporary)
        return self._kept() or _random()

    def _fault(self, problem: str) -> ConfigurationError:
        cure = "Let this user read it, delete it so that a new one is made, or set server.state_key"
        return ConfigurationError([Fault(str(self._path), "", problem, cure)])


def _random() -> bytes:
    return secrets.token_hex(SHORTEST).encode()
