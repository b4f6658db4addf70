"""Attack strings, one a line."""

from pathlib import Path

FOLDER = Path(__file__).with_name("data")


def lines(name: str) -> list[str]:
    """The lines of a data file, without comments and empty ones."""
    return [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]
