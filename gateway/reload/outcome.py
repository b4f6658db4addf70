"""What became of one attempt to take over a configuration."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either `faults`, and nothing changed; or what `changed`, and the keys that wait for a restart.

    `at` is in POSIX seconds, `because` what made it try.
    """

    because: str
    changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    at: float = field(default_factory=time.time)

    @property
    def well(self) -> bool:
        """Whether the configuration is served now."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"well": self.well, **asdict(self)}
