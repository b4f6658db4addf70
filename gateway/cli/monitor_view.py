"""What `gateway monitor` shows of looks at a server: lines, or a table that lives on a terminal."""

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Any

from gateway.client import Health

BARS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
MOST_LOOKS = 40
COLOURS = {"well": "green", "failed": "yellow", "down": "red", "refused": "magenta"}
PHASES = {"connect": "connect_ms", "list": "list_ms", "call": "call_ms"}


def line(health: Health) -> str:
    """One look on one line."""
    parts = [health.at, health.state, _times(health), _offers(health), " ".join(health.reason.split())]
    return "  ".join(part for part in parts if part)


def sparkline(values: Iterable[float | None]) -> str:
    """Values as bars, the highest as the highest bar; a dot for one that is not there."""
    given = list(values)
    most = max((value for value in given if value is not None), default=0.0)
    top = len(BARS) - 1
    return "".join(NOTHING if value is None else BARS[round(value / most * top) if most else 0] for value in given)


@contextlib.contextmanager
def live() -> Generator[Callable[[Health], None]]:
    """A table on the terminal that each look changes."""
    from rich.live import Live

    looks: deque[Health] = deque(maxlen=MOST_LOOKS)
    with Live(auto_refresh=False) as screen:

        def show(health: Health) -> None:
            looks.append(health)
            screen.update(table(list(looks)), refresh=True)

        yield show


def table(looks: list[Health]) -> Any:
    """The last looks as something that rich can draw."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    last = looks[-1]
    well = sum(each.well for each in looks)
    drawn = Table(
        box=box.SIMPLE_HEAD,
        title=Text(f"{last.server}  {last.about}".strip()),
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("", "last", "middle", "worst", f"the last {len(looks)}"):
        drawn.add_column(heading)
    drawn.add_row("state", Text(last.state, COLOURS[last.state]), "", f"{well}/{len(looks)} well", _states(looks))
    for phase, name in PHASES.items():
        times: list[float | None] = [getattr(each, name) for each in looks]
        known = sorted(time for time in times if time is not None)
        if known:
            middle, worst = _ms(known[len(known) // 2]), _ms(known[-1])
            drawn.add_row(phase, _ms(times[-1]), middle, worst, Text(sparkline(times)))
    drawn.caption = Text("  ".join(part for part in (_offers(last), " ".join(last.reason.split())) if part))
    return drawn


def _states(looks: list[Health]) -> Any:
    from rich.text import Text

    return Text.assemble(*[("■", COLOURS[each.state]) for each in looks])


def _times(health: Health) -> str:
    times = {phase: getattr(health, name) for phase, name in PHASES.items()}
    return "  ".join(f"{phase} {_ms(time)}" for phase, time in times.items() if time is not None)


def _ms(time: float | None) -> str:
    return "-" if time is None else f"{time:.0f} ms"


def _offers(health: Health) -> str:
    return ", ".join(f"{count} {kind if count != 1 else kind[:-1]}" for kind, count in health.counts.items())
