"""Text operations by name: a new operation is a new row."""

from collections.abc import Callable

# `len` and the reversal count code points, so an accent written as a mark of its own counts by itself and ends up
# before its letter. Python has no grapheme splitting, and these operations are not worth a dependency.
OPERATIONS: dict[str, Callable[[str], str | int]] = {
    "uppercase": str.upper,
    "lowercase": str.lower,
    "reverse": lambda text: text[::-1],
    "length": len,
    "word_count": lambda text: len(text.split()),
}
