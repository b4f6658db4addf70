"""The data service as a FastMCP server: text operations, and SQL and figures over data files.

Alone it runs as `fastmcp run services/data/server.py`.
"""

import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

from fastmcp import FastMCP
from fastmcp.exceptions import PromptError, ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, ByteSize, Field

from services.data.engine import Engine
from services.data.job import Limits, Refused
from services.data.prompt import analysis
from services.data.results import Processed, Profile, QueryResult
from services.data.text import OPERATIONS

SAMPLES = Path(__file__).parent / "samples"
READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

# Longer SQL nests deep enough to crash DuckDB's parser.
MAX_SQL = 20_000
MAX_TEXT = 100_000

DatasetName = Annotated[
    str, Field(description="A data set's name, or its path under the data folder.", examples=["sales", "sales.csv"])
]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """What the data service may read and use."""

    roots: list[Path] = Field(
        default_factory=lambda: [SAMPLES],
        description="Folders whose CSV, TSV, Parquet, JSON and NDJSON files are the data sets. Default: the samples.",
    )
    timeout: float = Field(default=10, gt=0, le=600, description="Seconds that a query or profile may take.")
    max_rows: int = Field(default=1_000, ge=1, description="Rows that a query returns at most.")
    max_bytes: ByteSize = Field(
        default=ByteSize(2**20), ge=1_024, description="Size of a result at most, as JSON: bytes, or like '1MiB'."
    )
    memory_limit: ByteSize = Field(
        default=ByteSize(512_000_000),
        ge=64_000_000,
        description="Memory that one query may use: bytes, or like '512MB'. A single huge value may take twice that.",
    )
    workers: int = Field(default=2, ge=1, description="Queries that run at once, each in a process of its own.")


class DataService:
    """The tools and the prompt, as methods over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def process(
        self,
        text: Annotated[str, Field(description="The text to work on.", max_length=MAX_TEXT)],
        operation: Annotated[str, Field(description="What to do.", json_schema_extra={"enum": list(OPERATIONS)})],
    ) -> Processed:
        """Apply a text operation: change the case, reverse, or count characters or words.

        Reversal and length go by Unicode code point.
        """
        if operation not in OPERATIONS:
            raise ToolError(f"There is no such operation. Use one of: {', '.join(OPERATIONS)}.", log_level=logging.INFO)
        return Processed(operation=operation, result=OPERATIONS[operation](text))

    async def query(
        self,
        sql: Annotated[
            str,
            Field(
                description="One SELECT in DuckDB's dialect. Each data set is a table; quote names that need it.",
                examples=["SELECT region, sum(amount) FROM sales GROUP BY region"],
                max_length=MAX_SQL,
            ),
        ],
    ) -> QueryResult:
        """Query the data sets with SQL. Read-only, with bounds on time, memory, rows and bytes."""
        with _told(ToolError):
            return QueryResult.model_validate(await self._engine.run("query", sql=sql))

    async def profile(self, dataset: DatasetName) -> Profile:
        """Describe a data set: its rows, and type, missing and distinct values, range and quartiles of each column."""
        with _told(ToolError):
            return Profile.model_validate(await self._engine.run("profile", dataset=dataset))

    async def analyze(
        self, dataset: DatasetName, question: Annotated[str, Field(description="What to find out, if anything.")] = ""
    ) -> str:
        """Ask for an analysis of a data set, with an overview of its columns."""
        with _told(PromptError):
            profile = Profile.model_validate(await self._engine.run("profile", dataset=dataset))
        return analysis(profile, question)


def create_server(settings: Settings | None = None) -> FastMCP:
    """The server, with every tool in place. Nothing is read or started before the first call."""
    settings = settings or Settings()
    engine = Engine(_limits(settings), settings.workers)
    service = DataService(engine)

    @asynccontextmanager
    async def lifespan(_: FastMCP) -> AsyncGenerator[None]:
        async with engine:
            yield

    server = FastMCP(
        "data",
        instructions="Text operations, and SQL and figures over data sets. Call profile before you query a data set.",
        lifespan=lifespan,
        mask_error_details=True,
    )
    for tool in (service.process, service.query, service.profile):
        server.tool(tool, annotations=READ_ONLY)
    server.prompt(service.analyze)
    return server


def _limits(settings: Settings) -> Limits:
    return Limits(
        roots=tuple(str(root.absolute()) for root in settings.roots),
        timeout=settings.timeout,
        max_rows=settings.max_rows,
        max_bytes=settings.max_bytes,
        memory_limit=settings.memory_limit,
    )


@contextmanager
def _told(as_error: type[ToolError] | type[PromptError]) -> Generator[None]:
    """Hands the engine's refusals to the client. They are the caller's to mend, so they are no errors in our log."""
    try:
        yield
    except Refused as refused:
        raise as_error(str(refused), log_level=logging.INFO) from None


mcp = create_server()
