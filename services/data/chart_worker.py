"""The worker that draws charts, as `process` says; altair and vl-convert are in these processes only."""

import os
from typing import Any

from services.data.chart import picture, specification
from services.data.chart_choice import Choice, Table, choose, kind_of
from services.data.job import Limits
from services.workers.job import Refused
from services.workers.process import serve

Given = tuple[dict[str, Any], bytes]


def main() -> None:
    os.environ["TZ"] = "UTC"  # or the same chart differs from one machine to the next
    serve(Limits, lambda _: None, _perform)


def _perform(_: None, limits: Limits, job: dict[str, Any]) -> Given:
    try:
        result, block = _chart(**{key: value for key, value in job.items() if key != "verb"})
    except Refused as refused:
        return {"error": str(refused)}, b""
    if len(block) > limits.max_bytes:
        return {"error": f"The picture is larger than {limits.max_bytes} bytes. Draw fewer rows."}, b""
    return {"result": result}, block


def _chart(columns: list[dict[str, Any]], rows: list[list[Any]], wish: dict[str, Any], title: str, form: str) -> Given:
    table = Table({column["name"]: kind_of(column["type"]) for column in columns}, rows)
    choice = choose(table, Choice(**wish))
    spec = specification(table, choice, title)
    shown = {"mark": choice.mark, "x": choice.x, "y": choice.y, "color": choice.color}
    return {**shown, "rows": len(rows), "spec": spec}, picture(spec, form)


if __name__ == "__main__":
    main()
