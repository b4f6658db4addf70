"""The tools, resources and the prompt of the data service, as methods over one engine."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

from fastmcp.exceptions import PromptError, ResourceError, ToolError
from fastmcp.server.dependencies import get_access_token
from fastmcp.tools import ToolResult
from mcp.types import ContentBlock, ResourceLink, TextContent
from pydantic import Field

from services.data.engine import Engine
from services.data.job import ROWS, Refused
from services.data.kept import KeptResults, page
from services.data.prompt import analysis
from services.data.results import Processed, Profile, QueryResult
from services.data.settings import Settings
from services.data.text import NAMES, apply

# Longer SQL nests deep enough to crash DuckDB's parser.
MAX_SQL = 20_000
MAX_TEXT = 100_000
MAX_INLINE_ROWS = 10_000

DatasetName = Annotated[
    str, Field(description="A data set's name, or its path under the data folder.", examples=["sales", "sales.csv"])
]
Sql = Annotated[
    str,
    Field(
        description="One SELECT in DuckDB's dialect. Each data set is a table; quote names that need it.",
        examples=["SELECT region, sum(amount) FROM sales GROUP BY region"],
        max_length=MAX_SQL,
    ),
]
Rows = Annotated[
    list[dict[str, Any]] | None,
    Field(
        description=f"Rows of your own, as objects: the SQL reads them as the table `{ROWS}`. Text in ISO 8601 becomes "
        "dates and times.",
        examples=[[{"city": "Oslo", "visits": 12}, {"city": "Rome", "visits": 7}]],
        max_length=MAX_INLINE_ROWS,
    ),
]


class DataService:
    """What the server offers. Its errors are texts for the caller."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
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

    async def analyze(
        self, dataset: DatasetName, question: Annotated[str, Field(description="What to find out, if anything.")] = ""
    ) -> str:
        """Ask for an analysis of a data set, with an overview of its columns."""
        with _told(PromptError):
            profile = Profile.model_validate((await self._engine.run("profile", dataset=dataset)).result)
        return analysis(profile, question)


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
