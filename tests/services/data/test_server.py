"""The service as a client sees it."""

import asyncio
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from mcp import MCPError
from mcp.types import BlobResourceContents, EmbeddedResource, ImageContent, TextContent, TextResourceContents

from services.data.server import create_server
from services.data.settings import Settings
from services.data.text import NAMES

REPOSITORY = Path(__file__).parents[3]
CANARY = "canary-7f3a"
REFUSED_PATHS = Path(__file__).with_name("refused_paths.txt").read_text().splitlines()
REFUSED_SQL = Path(__file__).with_name("refused_sql.txt").read_text().splitlines()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client of the service over its samples."""
    async with Client(create_server()) as connected:
        yield connected


async def failure(client: Client, tool: str, **arguments: Any) -> str:
    """The text of a call that has to fail."""
    result = await client.call_tool(tool, arguments, raise_on_error=False)
    assert result.is_error
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file under `folder`."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_it_offers_its_tools_and_prompt(client: Client) -> None:
    tools = await client.list_tools()
    assert [tool.name for tool in tools] == ["process", "query", "profile", "convert", "chart"]
    for tool in tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.output_schema is not None
        assert all("description" in field for field in tool.input_schema["properties"].values())
    assert [prompt.name for prompt in await client.list_prompts()] == ["analyze"]


async def test_process_applies_an_operation(client: Client) -> None:
    result = await client.call_tool("process", {"text": "one url", "operation": "uppercase"})
    assert result.structured_content == {"operation": "uppercase", "result": "ONE URL"}


async def test_process_lists_its_operations(client: Client) -> None:
    assert (await client.list_tools())[0].input_schema["properties"]["operation"]["enum"] == list(NAMES)
    text = await failure(client, "process", text="x", operation=CANARY)
    assert text == f"There is no such operation. Use one of: {', '.join(NAMES)}."


async def test_query_joins_data_sets_of_different_formats(client: Client) -> None:
    result = await client.call_tool(
        "query",
        {
            "sql": "SELECT category, count(*) AS orders FROM sales JOIN products USING (product_id) "
            "WHERE order_date < DATE '2025-02-01' GROUP BY category ORDER BY category LIMIT 2"
        },
    )
    assert result.structured_content == {
        "columns": [{"name": "category", "type": "VARCHAR"}, {"name": "orders", "type": "BIGINT"}],
        "rows": [["Furniture", 9], ["Kitchen", 11]],
        "row_count": 2,
        "truncated": False,
        "result_id": None,
        "kept_rows": 0,
        "complete": True,
    }


async def test_profile_describes_a_parquet_file(client: Client) -> None:
    result = await client.call_tool("profile", {"dataset": "weather"})
    assert result.structured_content is not None
    assert result.structured_content["rows"] == 1095
    assert [column["name"] for column in result.structured_content["columns"]] == [
        "station",
        "day",
        "temperature_c",
        "rain_mm",
        "wind_kmh",
    ]


async def test_analyze_fills_in_the_columns(client: Client) -> None:
    prompt = await client.get_prompt("analyze", {"dataset": "sales", "question": "Which region grows?"})
    text = prompt.messages[0].content
    assert isinstance(text, TextContent)
    assert "Which region grows?" in text.text
    assert '- "channel" VARCHAR: "online" to "shop", about 2 distinct, 9 missing' in text.text


async def test_an_unknown_data_set_is_answered_with_those_there_are(client: Client) -> None:
    cure = "There is no such data set. Available data sets: products, sales, weather."
    assert await failure(client, "profile", dataset=CANARY) == cure
    with pytest.raises(MCPError, match=cure):
        await client.get_prompt("analyze", {"dataset": CANARY})


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("query", {"sql": 5}),
        ("query", {"sql": "SELECT 1" + " " * 20_000}),
        ("query", {}),
        ("query", {"sql": "FROM rows", "rows": {"a": 1}}),
        ("query", {"sql": "FROM rows", "rows": [1]}),
        ("query", {"sql": "FROM rows", "rows": [{}] * 10_001}),
        ("profile", {"dataset": ["sales"]}),
        ("process", {"text": None, "operation": "length"}),
        ("convert", {"to": "xlsx", "sql": "FROM sales"}),
        ("chart", {"sql": "FROM sales", "mark": "pie"}),
        ("process", {"text": "x", "operation": "length", "more": 1}),
    ],
)
async def test_wrong_arguments_are_an_error_of_the_call(client: Client, tool: str, arguments: dict[str, Any]) -> None:
    assert "validation error" in await failure(client, tool, **arguments)


async def test_nothing_outside_the_roots_is_read_or_written(root: Path, outside: Path) -> None:
    (root / "leak.csv").symlink_to(outside)
    before = contents(root.parent)
    async with Client(create_server(Settings(roots=[root]))) as client:
        for line in REFUSED_SQL:
            text = await failure(client, "query", sql=line.format(root=root, outside=outside))
            assert CANARY not in text, line
            assert str(root.parent) not in text, line
    assert contents(root.parent) == before


@pytest.mark.timeout(180)  # nearly 500 calls, of which FastMCP draws the refusals for the log
async def test_no_path_of_a_callers_is_opened(root: Path, outside: Path) -> None:
    (root / "leak.csv").symlink_to(outside)
    async with Client(create_server(Settings(roots=[root]))) as client:
        for line in REFUSED_PATHS:
            path = line.format(root=root, outside=outside).encode().decode("unicode_escape")
            quoted, encoded = path.replace('"', '""'), quote(path, safe="", errors="replace")
            told = [
                await failure(client, "query", sql=f'FROM "{quoted}"'),
                await unreadable(client, f"dataset://{encoded}"),
            ]
            assert not [text for text in told if CANARY in text or str(root.parent) in text], line


async def unreadable(client: Client, uri: str) -> str:
    """What is said of a resource that must not be had."""
    with pytest.raises(MCPError) as refusal:
        await client.read_resource(uri)
    return refusal.value.error.message


async def test_new_files_are_data_sets_at_once(root: Path) -> None:
    async with Client(create_server(Settings(roots=[root]))) as client:
        assert "Available data sets: fruit." in await failure(client, "profile", dataset="later")
        (root / "later.ndjson").write_text('{"a": 1}\n{"a": 2}\n')
        result = await client.call_tool("query", {"sql": "SELECT sum(a) AS total FROM later"})
        assert result.structured_content is not None
        assert result.structured_content["rows"] == [[3]]


async def test_limits_come_from_the_settings(root: Path) -> None:
    async with Client(create_server(Settings(roots=[root], max_rows=2, timeout=3))) as client:
        result = await client.call_tool("query", {"sql": "FROM fruit"})
        assert result.structured_content is not None
        assert (result.structured_content["row_count"], result.structured_content["truncated"]) == (2, True)
        assert "within 3 s" in await failure(client, "query", sql="SELECT count(*) FROM range(10000000000000)")


async def test_rows_passed_in_are_queried(client: Client) -> None:
    rows = [{"region": "east", "target": 60}, {"region": "west", "target": 50}]
    sql = (
        "SELECT region, count(*) > any_value(target) AS met FROM sales JOIN rows USING (region) GROUP BY ALL ORDER BY 1"
    )
    result = await client.call_tool("query", {"sql": sql, "rows": rows})
    assert result.structured_content is not None
    assert result.structured_content["rows"] == [["east", False], ["west", True]]


async def test_a_data_set_is_converted(client: Client) -> None:
    result = await client.call_tool("convert", {"to": "jsonl", "sql": "SELECT region, quantity FROM sales LIMIT 2"})
    (embedded,) = result.content
    assert isinstance(embedded, EmbeddedResource)
    assert isinstance(embedded.resource, TextResourceContents)
    assert embedded.resource.text == '{"region":"north","quantity":5}\n{"region":"north","quantity":5}\n'
    assert result.structured_content == {"format": "jsonl", "media_type": "application/x-ndjson", "bytes": 64}


async def test_text_is_converted_to_parquet_and_binary_comes_as_such(client: Client, tmp_path: Path) -> None:
    result = await client.call_tool("convert", {"to": "parquet", "text": "city;visits\nOslo;12\n"})
    (embedded,) = result.content
    assert isinstance(embedded, EmbeddedResource)
    assert isinstance(embedded.resource, BlobResourceContents)
    (tmp_path / "made.parquet").write_bytes(b64decode(embedded.resource.blob))
    assert duckdb.execute(f"FROM '{tmp_path / 'made.parquet'}'").fetchall() == [("Oslo", 12)]


async def test_a_chart_comes_as_a_picture_with_its_specification(client: Client) -> None:
    sql = "SELECT region, sum(amount) AS revenue FROM sales GROUP BY region"
    result = await client.call_tool("chart", {"sql": sql, "title": "Revenue"})
    picture, text = result.content
    assert isinstance(picture, ImageContent)
    assert isinstance(text, TextContent)
    assert picture.mime_type == "image/png"
    assert b64decode(picture.data).startswith(b"\x89PNG")
    assert text.text == "bar chart of revenue by region, from 4 rows"
    found = result.structured_content
    assert found is not None
    assert found["spec"]["$schema"].startswith("https://vega.github.io/schema/vega-lite/v6")
    assert (found["mark"], found["x"], found["y"], found["color"]) == ("bar", "region", "revenue", None)


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("convert", {"to": "csv"}, "nothing to convert"),
        ("convert", {"to": "csv", "sql": "FROM range(1000000)"}, "larger than the 1048576 bytes"),
        ("convert", {"to": "csv", "text": "a,b\n1\n"}, "Line 2 of the CSV text"),
        ("convert", {"to": "csv", "sql": "COPY sales TO 'x.csv'"}, "Only statements that read"),
        ("chart", {"sql": "FROM range(6000)"}, "more than the 5000 rows"),
        ("chart", {"sql": "FROM sales", "x": "canary-7f3a"}, "not in the result"),
        ("chart", {"sql": "FROM sales WHERE false"}, "no rows"),
    ],
)
async def test_what_can_not_be_converted_or_drawn_is_refused(
    client: Client, tool: str, arguments: dict[str, Any], reason: str
) -> None:
    text = await failure(client, tool, **arguments)
    assert reason in text
    assert CANARY not in text


async def test_a_client_that_gives_up_frees_the_worker(root: Path, workers: Callable[[], set[int]]) -> None:
    async with Client(create_server(Settings(roots=[root], timeout=50, workers=1))) as client:
        await client.call_tool("query", {"sql": "SELECT 1"})
        before = workers()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.call_tool("query", {"sql": "SELECT count(*) FROM range(10000000000000)"})
        async with asyncio.timeout(10):
            await client.call_tool("query", {"sql": "SELECT 1"})
        assert before.isdisjoint(workers())
    assert workers() == set()


def test_creating_a_server_touches_nothing(workers: Callable[[], set[int]]) -> None:
    create_server(Settings(roots=[Path("no/such/folder")]))
    assert workers() == set()


def test_the_server_is_imported_without_duckdb() -> None:
    code = "import sys, services.data.server; sys.exit('duckdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


async def test_it_runs_alone_over_stdio() -> None:
    transport = StdioTransport(
        str(Path(sys.executable).with_name("fastmcp")),
        ["run", str(REPOSITORY / "services/data/server.py"), "--no-banner"],
        cwd=str(REPOSITORY),
        keep_alive=False,
    )
    async with Client(transport) as client:
        result = await client.call_tool("query", {"sql": "SELECT count(*) AS orders FROM sales"})
        assert result.structured_content is not None
        assert result.structured_content["rows"] == [[200]]
