"""Faults that an upstream is to have on purpose."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chaos:
    """What becomes of calls to one upstream, so that people see how their agents take it.

    `latency` is seconds before each; `errors`, `cuts` and `hangs` are shares of them, 0 to 1 and at most 1 together.
    `changed_tools`, where it is not 0, is after how many seconds other tools are offered, and after as many more the
    usual ones. With `lists` the same happens to lists.
    """

    latency: float = 0.0
    errors: float = 0.0
    cuts: float = 0.0
    hangs: float = 0.0
    changed_tools: float = 0.0
    lists: bool = False

    def __str__(self) -> str:
        return ", ".join(self._words())

    def _words(self) -> Iterator[str]:
        what = "calls and lists" if self.lists else "calls"
        if self.latency:
            yield f"{what} wait {self.latency:g} s"
        for share, fate in ((self.errors, "fail"), (self.cuts, "are cut off"), (self.hangs, "hang")):
            if share:
                yield f"{share * 100:g}% of {what} {fate}"
        if self.changed_tools:
            yield f"tools change every {self.changed_tools:g} s"
