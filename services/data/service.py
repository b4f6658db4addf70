"""The tools, resources and the prompt of the data service, as methods over one engine."""

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

from fastmcp.exceptions import PromptError, ResourceError, ToolError
from fastmcp.server.completions import CompletionReference
from fastmcp.server.dependencies import get_access_token
from fastmcp.tools import ToolResult
from mcp.types import (
    BlobResourceContents,
    CompletionArgument,
    CompletionContext,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)
from pydantic import Field

from services.data.arguments import (
    MAX_TEXT,
    Column,
    DatasetName,
    FileFormat,
    PictureFormat,
    Rows,
    Sql,
    TableText,
    TextFormat,
)
from services.data.chart_choice import Mark
from services.data.datasets import Dataset, find_datasets
from services.data.job import ROWS
from services.data.kept import KeptResults, page
from services.data.prompt import analysis
from services.data.quoting import identifier
from services.data.results import Chart, Converted, Processed, Profile, QueryResult
from services.data.settings import Settings
from services.data.text import NAMES, apply
from services.workers.engine import Answer, Engine
from services.workers.job import Refused

CHART_ROWS = 5_000
COMPLETED = frozenset({("ref/prompt", "dataset"), ("ref/resource", "name")})
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
}


class DataService:
    """What the server offers. Its errors are texts for the caller."""

    def __init__(self, engine: Engine, painter: Engine, settings: Settings) -> None:
        self._engine = engine
        self._painter = painter
        self._settings = settings
        self._roots = settings.limits().roots
        self._kept = KeptResults(settings.keep_seconds)

    async def process(
        self,
        text: Annotated[str, Field(description="The text to work on.", max_length=MAX_TEXT)],
        operation: Annotated[
            str,
            Field(
                description="What to do. Hashes are hexadecimal, of the text in UTF-8; md5 is for comparing files, and "
                "not for security. replace takes `find` and `replace`. trim works on each line.",
                json_schema_extra={"enum": list(NAMES)},
            ),
        ],
        find: Annotated[
            str, Field(description="For replace: the text to find, as it stands, no pattern.", max_length=MAX_TEXT)
        ] = "",
        replace: Annotated[
            str, Field(description="For replace: what stands in its place; empty leaves it out.", max_length=MAX_TEXT)
        ] = "",
    ) -> Processed:
        """Apply a text operation: case, lines, counts, hashes, base64, URL encoding, JSON layout, find and replace.

        Exact where a model would guess. Reversal and length go by Unicode code point.
        """
        with _told(ToolError):
            return Processed(operation=operation, result=apply(operation, text, find, replace))

    async def query(self, sql: Sql, rows: Rows = None) -> ToolResult:
        """Query the data sets, or rows that you pass in, with SQL. Read-only, bounded in time, memory, rows and bytes.

        Of a result that is too large the first rows come back, and a link to a resource that pages through the rest.
        """
        with _told(ToolError):
            answer = await self._engine.run("query", sql=sql, rows=rows)
        found = QueryResult.model_validate({**answer.result, "result_id": None})
        links: list[ContentBlock] = []
        if answer.block:
            result_id = self._kept.keep(_caller(), answer.result["columns"], answer.block, found.complete)
            found = found.model_copy(update={"result_id": result_id})
            links = [_link(found)]
        text = TextContent(type="text", text=found.model_dump_json())
        return ToolResult([text, *links], structured_content=found)

    async def result(self, result_id: str, offset: int = 0) -> str:
        """A page of a query's result, for the caller who ran it: columns, rows from `offset` on, and `next_offset`."""
        with _told(ResourceError):
            kept = self._kept.find(_caller(), result_id)
            return page(kept, offset, self._settings.max_rows, self._settings.max_bytes).decode()

    async def profile(self, dataset: DatasetName) -> Profile:
        """Describe a data set: its rows, and type, missing and distinct values, range and quartiles of each column."""
        with _told(ToolError):
            return Profile.model_validate((await self._engine.run("profile", dataset=dataset)).result)

    async def datasets(self) -> str:
        """The data sets that there are: name, file and size of each."""
        with _told(ResourceError):
            found = await asyncio.to_thread(find_datasets, self._roots)
        return json.dumps([_listed(dataset) for dataset in found])

    async def dataset(self, name: str) -> str:
        """One data set's profile: its columns with their types and figures, a few rows, and warnings."""
        with _told(ResourceError):
            return json.dumps((await self._engine.run("profile", dataset=name)).result)

    async def complete(
        self, reference: CompletionReference, argument: CompletionArgument, context: CompletionContext | None
    ) -> list[str]:
        """Names that begin with what is there already: of data sets, or of the columns of the one chosen before."""
        chosen = (context.arguments or {}).get("dataset", "") if context is not None else ""
        try:
            if (reference.type, argument.name) in COMPLETED:
                names = [dataset.name for dataset in await asyncio.to_thread(find_datasets, self._roots)]
            elif (reference.type, argument.name) == ("ref/prompt", "column") and chosen:
                names = await self._column_names(chosen)
            else:
                return []
        except Refused:
            return []
        begun = argument.value.casefold()
        return [name for name in names if name.casefold().startswith(begun)]

    async def _column_names(self, dataset: str) -> list[str]:
        found = await self._engine.run("query", sql=f"FROM {identifier(dataset)} LIMIT 0")
        return [column["name"] for column in found.result["columns"]]

    async def convert(
        self,
        to: Annotated[FileFormat, Field(description="The format wanted; jsonl has one object a line.")],
        sql: Sql = f"FROM {ROWS}",
        rows: Rows = None,
        text: TableText = None,
        text_format: Annotated[TextFormat, Field(description="The format of `text`.")] = "csv",
    ) -> ToolResult:
        """Convert a data set, a query's result, or a table that you send, to CSV, JSON, JSON Lines or Parquet.

        The file comes back as an embedded resource. Give `sql` to pick or shape rows, as in FROM sales; without it,
        the rows or text sent are converted as they are.
        """
        if sql == f"FROM {ROWS}" and rows is None and text is None:
            raise ToolError("There is nothing to convert. Give `sql`, `rows` or `text`.", log_level=logging.INFO)
        with _told(ToolError):
            answer = await self._engine.run("convert", to=to, sql=sql, rows=rows, text=text, text_format=text_format)
        converted = Converted(format=to, media_type=MEDIA_TYPES[to], bytes=len(answer.block))
        return ToolResult([_embedded(to, answer.block)], structured_content=converted)

    async def chart(
        self,
        sql: Sql,
        rows: Rows = None,
        mark: Annotated[Mark | None, Field(description="The kind of chart; left out, it is chosen.")] = None,
        x: Annotated[Column, Field(description="The result's column along the x axis; left out, it is chosen.")] = None,
        y: Annotated[Column, Field(description="The column of the heights; left out, it is chosen.")] = None,
        color: Annotated[Column, Field(description="The column that splits the data into colors.")] = None,
        title: Annotated[str, Field(description="A title over the chart.", max_length=200)] = "",
        form: Annotated[PictureFormat, Field(description="What kind of picture comes back.")] = "png",
    ) -> ToolResult:
        """Draw a chart of a query's result: a picture, and its Vega-Lite specification.

        Aggregate in the SQL. What you leave open is chosen from the columns: a line over dates, bars for categories,
        points for two numbers, a histogram for one.
        """
        with _told(ToolError):
            found = await self._engine.run("query", sql=sql, rows=rows)
            wish = {"mark": mark, "x": x, "y": y, "color": color}
            drawn = await self._painter.run(
                "chart", columns=found.result["columns"], rows=_all_rows(found), wish=wish, title=title, form=form
            )
        chart = Chart.model_validate(drawn.result)
        picture = ImageContent(type="image", data=b64encode(drawn.block).decode(), mime_type=MEDIA_TYPES[form])
        text = f"{chart.mark} chart of {chart.y or 'the number of rows'} by {chart.x}, from {chart.rows} rows"
        return ToolResult([picture, TextContent(type="text", text=text)], structured_content=chart)

    async def analyze(
        self,
        dataset: DatasetName,
        question: Annotated[str, Field(description="What to find out, if anything.")] = "",
        column: Annotated[str, Field(description="The column that matters most, if one does.")] = "",
    ) -> str:
        """Ask for an analysis of a data set, with an overview of its columns."""
        with _told(PromptError):
            profile = Profile.model_validate((await self._engine.run("profile", dataset=dataset)).result)
            return analysis(profile, question, column)


def _all_rows(found: Answer) -> list[list[Any]]:
    if not found.result["complete"] or found.result["kept_rows"] > CHART_ROWS:
        raise Refused(f"The SQL gives more than the {CHART_ROWS} rows that a chart takes. Aggregate in it.")
    return [json.loads(row) for row in found.block.split(b"\n")] if found.block else found.result["rows"]


def _listed(dataset: Dataset) -> dict[str, Any]:
    return {"name": dataset.name, "file": dataset.relative, "bytes": dataset.path.stat().st_size}


def _embedded(form: str, content: bytes) -> EmbeddedResource:
    uri = f"converted://result.{form}"
    if form == "parquet":
        blob = BlobResourceContents(uri=uri, mime_type=MEDIA_TYPES[form], blob=b64encode(content).decode())
        return EmbeddedResource(type="resource", resource=blob)
    text = TextResourceContents(uri=uri, mime_type=MEDIA_TYPES[form], text=content.decode())
    return EmbeddedResource(type="resource", resource=text)


def _link(found: QueryResult) -> ResourceLink:
    return ResourceLink(
        type="resource_link",
        uri=f"result://{found.result_id}?offset={found.row_count}",
        name="further rows",
        description=f"Rows {found.row_count} to {found.kept_rows - 1} of the result, in pages; each names the next "
        "page's offset.",
        mime_type="application/json",
    )


def _caller() -> str:
    """Who calls, as far as authentication says; without any, all callers are one."""
    token = get_access_token()
    return "" if token is None else token.subject or token.client_id


@contextmanager
def _told(as_error: type[ToolError] | type[ResourceError] | type[PromptError]) -> Generator[None]:
    """Hands refusals to the client. They are the caller's to mend, so they are no errors in our log."""
    try:
        yield
    except Refused as refused:
        raise as_error(str(refused), log_level=logging.INFO) from None
