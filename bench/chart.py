"""A bar chart as SVG, readable on light and dark pages."""

from collections.abc import Sequence
from html import escape

WIDTH, LABEL, NUMBER, ROW, TOP = 760, 270, 90, 34, 48
LONGEST = WIDTH - LABEL - NUMBER

STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.bar { fill: #8c959f }
.ours { fill: #0969da }
"""
GROUND = 'rx="10" fill="#f6f8fa" stroke="#d0d7de"'
"""A ground of its own keeps the picture readable on light and dark pages."""


def bars(title: str, rows: Sequence[tuple[str, float, bool]]) -> str:
    """A picture of `rows`: label, value, and whether it is one of ours. The greatest value has the longest bar."""
    greatest = max(value for _, value, _ in rows)
    height = TOP + ROW * len(rows) + 8
    shown = "\n".join(_bar(number, row, greatest) for number, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f'<rect class="ground" x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" {GROUND}/>\n'
        f'<text class="title" x="8" y="24">{escape(title)}</text>\n{shown}\n</svg>\n'
    )


def _bar(number: int, row: tuple[str, float, bool], greatest: float) -> str:
    label, value, ours = row
    top = TOP + ROW * number
    length = max(1, LONGEST * value / greatest)
    return (
        f'<text x="{LABEL - 8}" y="{top + 17}" text-anchor="end">{escape(label)}</text>'
        f'<rect class="{"ours" if ours else "bar"}" x="{LABEL}" y="{top}" width="{length:.1f}" height="24" rx="3"/>'
        f'<text x="{LABEL + length + 8:.1f}" y="{top + 17}">{value:.3g} ×</text>'
    )
