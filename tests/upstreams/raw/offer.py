"""What a raw upstream offers at the moment, and the pages of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.upstreams.raw.control import Control
from tests.upstreams.raw.definitions import ARRAY_TOOL, JOB_TOOL, TOOLS, tool
from tests.upstreams.raw.generated import generated_tools
from tests.upstreams.raw.wire import INVALID_PARAMS, Json, RpcError


@dataclass(frozen=True)
class Settings:
    """How the upstream was started; delays in seconds, `page_size` 0 for one page.

    With `tasks` it offers the tool `job`, and the tasks that come of it (modern only).
    """

    era: Literal["modern", "legacy", "both"] = "both"
    session: bool = True
    answer: Literal["json", "sse"] = "sse"
    tools: int = 0
    page_size: int = 0
    list_delay: float = 0.0
    call_delay: float = 0.0
    name: str = "raw"
    tasks: bool = False


def offered_tools(settings: Settings, control: Control) -> list[Any]:
    """Definitions, in the order of the list."""
    count = settings.tools if control.tools is None else control.tools
    extra = [tool(name, f"An extra tool, {name}.", {}) for name in control.extra]
    array = [ARRAY_TOOL] if control.array_schema else []
    jobs = [JOB_TOOL] if settings.tasks else []
    tools = [*TOOLS, *array, *extra, *jobs, *generated_tools(count)]
    offered = [_described(each, control) for each in tools if each["name"] not in control.hidden]
    if control.duplicate_names:
        offered.append({**TOOLS[0], "description": "The second of that name."})
    return [*offered, {"title": "No name, no schema"}] if control.broken_tool else offered


def _described(definition: Any, control: Control) -> Any:
    other = control.descriptions.get(definition["name"])
    return definition if other is None else {**definition, "description": other}


def page(key: str, items: Sequence[Any], params: Json, size: int, *, endless: bool = False) -> Json:
    """One page of `items` under `key`. Raises RpcError for a cursor that was never given out."""
    start = _position(params.get("cursor"))
    end = start + size if size else len(items)
    if endless:
        return {key: list(items[: size or None]), "nextCursor": f"page-{end}"}
    result: Json = {key: list(items[start:end])}
    return {**result, "nextCursor": f"page-{end}"} if end < len(items) else result


def _position(cursor: Any) -> int:
    if cursor is None:
        return 0
    head, _, number = str(cursor).partition("-")
    if head != "page" or not number.isdecimal():
        raise RpcError(INVALID_PARAMS, "Invalid cursor")
    return int(number)
