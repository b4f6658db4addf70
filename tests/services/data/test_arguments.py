"""What models read of the arguments."""

from fastmcp import Client

from services.data.server import create_server


async def test_every_argument_is_described_and_every_text_bounded() -> None:
    async with Client(create_server()) as client:
        tools = await client.list_tools()
    for tool in tools:
        for name, schema in tool.input_schema["properties"].items():
            assert len(schema["description"]) > 15, f"{tool.name}.{name}"
    sql = next(tool for tool in tools if tool.name == "query").input_schema["properties"]["sql"]
    assert sql["maxLength"] == 20_000
