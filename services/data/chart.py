"""A chart as a Vega-Lite specification, and as a picture."""

import re
from typing import Any

import altair as alt
import vl_convert

from services.data.chart_choice import Choice, Kind, Mark, Table
from services.workers.job import Refused

WIDTH, HEIGHT = 640, 360
SCALE = 2
LONG_LABEL = 12
MANY_BARS = 8
MANY_MONTHS = 36
TYPES: dict[Kind, Any] = {"time": "temporal", "number": "quantitative", "text": "nominal"}
CLIP = re.compile(r"\bclip\d+\b")
MARKS: dict[Mark, Any] = {
    "line": alt.MarkDef(type="line", strokeWidth=2.5, tooltip=True),
    "area": alt.MarkDef(type="area", opacity=0.8, tooltip=True),
    "bar": alt.MarkDef(type="bar", cornerRadiusEnd=2, tooltip=True),
    "point": alt.MarkDef(type="circle", size=60, opacity=0.7, tooltip=True),
}
BLUE = "#2f6690"
# Told apart without red and green side by side, and on white.
COLORS = [BLUE, "#e07a1f", "#3a9d8f", "#b8487f", "#8a6fc0", "#a68a2d", "#5c677d", "#c44536", "#4fa3d1", "#7a9e3f"]
COLORS += ["#d98fb3", "#8c5e3c"]


def specification(table: Table, choice: Choice, title: str) -> dict[str, Any]:
    """The Vega-Lite specification of a chart, its data within."""
    channels = {"x": choice.x, "y": choice.y, "color": choice.color}
    columns = {
        channel: [_value(table.kinds[name], each) for each in table.values(name)]
        for channel, name in channels.items()
        if name is not None
    }
    values = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert choice.mark is not None
    chart = alt.Chart(alt.Data(values=values), mark=MARKS[choice.mark], width=WIDTH, height=HEIGHT)
    chart = chart.encode(**_axes(table, choice))
    if title:
        chart = chart.properties(title=title)
    return _styled(chart).to_dict()


def picture(spec: dict[str, Any], form: str) -> bytes:
    """A specification drawn as `png` or `svg`. Nothing is fetched for it. Raises Refused."""
    try:
        if form == "svg":
            return _numbered_anew(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])).encode()
        return vl_convert.vegalite_to_png(spec, scale=SCALE, allowed_base_urls=[])
    except ValueError:
        raise Refused("The chart can't be drawn. Name other columns, or another mark.") from None


def _numbered_anew(svg: str) -> str:
    """Clips are numbered over all pictures that a process draws; equal charts are to be equal pictures."""
    numbers = {name: f"clip{number}" for number, name in enumerate(dict.fromkeys(CLIP.findall(svg)))}
    return CLIP.sub(lambda found: numbers[found[0]], svg)


def _value(kind: Kind, value: Any) -> Any:
    """Times in ISO 8601, in UTC, so that no viewer's time zone moves them; numbers that came as text as numbers."""
    if kind == "time" and isinstance(value, str):
        day, _, time = value.partition(" ")
        return f"{day}T{time[:12]}Z" if time else day
    if kind == "number" and isinstance(value, str):
        number = float(value)
        return number if abs(number) < float("inf") else None
    return value if isinstance(value, str | int | float | None) else str(value)


def _axes(table: Table, choice: Choice) -> dict[str, Any]:
    assert choice.x is not None
    x, y = _place(table, choice), _measure(table, choice)
    channels: dict[str, Any] = {"y": x, "x": y} if _lies(table, choice) else {"x": x, "y": y}
    encoded = {channel: getattr(alt, channel.upper())(**field) for channel, field in channels.items()}
    if choice.color is not None:
        encoded["color"] = alt.Color(**_field("color", choice.color, table.kinds[choice.color]))
    return encoded


def _place(table: Table, choice: Choice) -> dict[str, Any]:
    assert choice.x is not None
    kind = table.kinds[choice.x]
    field = _field("x", choice.x, kind)
    if kind == "time":
        return field | {"scale": alt.Scale(type="utc"), "axis": _time_axis(table.values(choice.x))}
    if kind == "text":
        return field | {"sort": "-x" if _lies(table, choice) else "-y", "axis": alt.Axis(labelAngle=0, labelLimit=240)}
    if choice.mark == "bar" and choice.y is None:
        return field | {"bin": alt.Bin(maxbins=30)}
    return field | {"scale": alt.Scale(zero=choice.mark == "bar")}


def _time_axis(values: list[Any]) -> alt.Axis:
    """Ticks at the months where every value is one, or else a few wherever they fall."""
    days = {str(value)[:10] for value in values if value is not None}
    if all(day.endswith("-01") for day in days) and len(days) <= MANY_MONTHS:
        return alt.Axis(format="%b %Y", tickCount={"interval": "month", "step": 1 + len(days) // 12})
    return alt.Axis(tickCount=8)


def _measure(table: Table, choice: Choice) -> dict[str, Any]:
    """The other axis: a column, its sum where several rows share a place, or the number of rows."""
    if choice.y is None:
        return {"aggregate": "count", "type": "quantitative", "title": "rows"}
    field = _field("y", choice.y, table.kinds[choice.y])
    if choice.mark == "point" or field["type"] != "quantitative":
        return field | {"scale": alt.Scale(zero=False)} if field["type"] == "quantitative" else field
    places = [name for name in (choice.x, choice.color) if name is not None]
    keys = list(zip(*(map(str, table.values(name)) for name in places), strict=True))
    if len(set(keys)) < len(keys):
        return field | {"aggregate": "sum", "title": f"sum of {choice.y}"}
    return field


def _field(channel: str, name: str, kind: Kind) -> dict[str, Any]:
    # By its channel, since in a column's own name Vega-Lite takes dots, brackets and quotes for ways into an object.
    return {"field": channel, "type": TYPES[kind], "title": name}


def _lies(table: Table, choice: Choice) -> bool:
    """Whether bars lie, since their labels would not fit below standing ones."""
    if choice.mark != "bar" or choice.x is None or table.kinds[choice.x] != "text":
        return False
    labels = set(map(str, table.values(choice.x)))
    return len(labels) > MANY_BARS or max(map(len, labels)) > LONG_LABEL


def _styled(chart: alt.Chart) -> alt.Chart:
    return (
        chart.configure(background="white", font="sans-serif", padding=16)
        .configure_view(stroke=None)
        .configure_title(fontSize=18, anchor="start", offset=14, color="#222222")
        .configure_axis(
            labelFontSize=13,
            titleFontSize=14,
            titleFontWeight="normal",
            labelColor="#333333",
            titleColor="#333333",
            gridColor="#e6e6e6",
            domainColor="#999999",
            tickColor="#999999",
            titlePadding=10,
        )
        .configure_legend(labelFontSize=13, titleFontSize=14, titleFontWeight="normal", symbolStrokeWidth=3)
        .configure_range(category=COLORS)
        .configure_mark(color=BLUE)
    )
