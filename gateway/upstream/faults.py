"""What one upstream does against the protocol: told once in the log, and kept for whoever asks how it does."""

import logging
from collections.abc import Sequence

log = logging.getLogger(__name__)

MAX_SEEN = 20


class Faults:
    """Those of its listing, which go when the listing no longer has them, and those seen in calls, which stay."""

    def __init__(self, namespace: str):
        self._namespace = namespace
        self._listed: tuple[str, ...] = ()
        self._seen: dict[str, None] = {}

    def __repr__(self) -> str:
        return f"<Faults {self._namespace} listed={len(self._listed)} seen={len(self._seen)}>"

    def listed(self, faults: Sequence[str]) -> None:
        """These are what is wrong with its listing now."""
        for fault in faults:
            if fault not in self._listed:
                self._tell(fault)
        self._listed = tuple(faults)

    def seen(self, fault: str) -> None:
        """This went wrong in a call or beside one. The first so many of a kind each are kept."""
        if fault not in self._seen and len(self._seen) < MAX_SEEN:
            self._seen[fault] = None
            self._tell(fault)

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that is wrong with it, for a person."""
        return (*self._listed, *self._seen)

    def _tell(self, fault: str) -> None:
        log.warning("upstream %s breaks the protocol: %s", self._namespace, fault)
