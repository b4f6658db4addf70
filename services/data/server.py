"""The data service as a FastMCP server: text operations, and SQL, figures and charts over data files.

Alone it runs as `fastmcp run services/data/server.py`.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastmcp import FastMCP
from mcp.types import ToolAnnotations

from services.data.job import PAINTER, WORKER
from services.data.results import Chart, Converted, QueryResult
from services.data.service import DataService
from services.data.settings import Settings
from services.workers.engine import Engine

READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def create_server(settings: Settings | None = None) -> FastMCP:
    """The server, with every tool in place. Nothing is read or started before the first call."""
    settings = settings or Settings()
    engine = Engine(WORKER, settings.limits(), settings.workers)
    painter = Engine(PAINTER, settings.painter_limits(), 1)
    service = DataService(engine, painter, settings)

    @asynccontextmanager
    async def lifespan(_: FastMCP) -> AsyncGenerator[None]:
        async with engine, painter:
            yield

    server = FastMCP(
        "data",
        instructions="Text operations; SQL, figures, files and charts over data sets or rows that you pass in. "
        "Call profile before you query a data set.",
        lifespan=lifespan,
        mask_error_details=True,
    )
    server.tool(service.process, annotations=READ_ONLY)
    server.tool(service.query, annotations=READ_ONLY, output_schema=QueryResult.model_json_schema())
    server.tool(service.profile, annotations=READ_ONLY)
    server.tool(service.convert, annotations=READ_ONLY, output_schema=Converted.model_json_schema())
    server.tool(service.chart, annotations=READ_ONLY, output_schema=Chart.model_json_schema())
    server.resource("result://{result_id}{?offset}", mime_type="application/json")(service.result)
    server.resource("datasets://all", mime_type="application/json")(service.datasets)
    server.resource("dataset://{name*}", mime_type="application/json")(service.dataset)
    server.prompt(service.analyze)
    server.completion(service.complete)
    return server


mcp = create_server()
