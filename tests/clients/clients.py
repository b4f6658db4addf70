"""The clients: where their versions are pinned, what drives them, and which era each is to speak."""

from pathlib import Path
from typing import Literal, NamedTuple

Era = Literal["modern", "legacy"]

HERE = Path(__file__).parent
DRIVERS = HERE / "drivers"
NODE = HERE / "node"
MCP_1 = HERE.parent / "upstreams" / "legacy-requirements.txt"


class Client(NamedTuple):
    """One client in one era. `package` is its name where it is installed; `mode` is for its driver.

    `pins` is a requirements file, the folder of an npm lock, or None for what this environment has.
    """

    name: str
    package: str
    pins: Path | None
    driver: Path
    mode: str
    era: Era


def in_python(name: str, package: str, driver: str, era: Era) -> Client:
    """A Python client in an environment of its own."""
    return Client(name, package, HERE / "python" / f"{package}.txt", DRIVERS / driver, "", era)


def in_node(name: str, package: str, driver: str, mode: str, era: Era) -> Client:
    """A client for Node."""
    return Client(name, package, NODE, NODE / driver, mode, era)


def of_fastmcp(name: str, driver: str, mode: str, era: Era) -> Client:
    """FastMCP's, in the version that the gateway itself stands on."""
    return Client(name, "fastmcp", None, DRIVERS / driver, mode, era)


def of_inspector(era: Era) -> Client:
    """A command line for Node, driven from here."""
    return Client("Inspector's CLI", "@modelcontextprotocol/inspector", NODE, DRIVERS / "inspector.py", era, era)


CLIENTS = (
    of_fastmcp("FastMCP's CLI", "fastmcp_cli.py", "", "modern"),
    of_fastmcp("FastMCP's client", "fastmcp_client.py", "auto", "modern"),
    of_fastmcp("FastMCP's client", "fastmcp_client.py", "legacy", "legacy"),
    Client("mcp 1.x", "mcp", MCP_1, DRIVERS / "mcp_1.py", "", "legacy"),
    of_inspector("modern"),
    of_inspector("legacy"),
    in_node("TypeScript SDK v1", "@modelcontextprotocol/sdk", "sdk_v1.mjs", "", "legacy"),
    in_node("TypeScript client v2", "@modelcontextprotocol/client", "client_v2.mjs", "auto", "modern"),
    in_node("TypeScript client v2", "@modelcontextprotocol/client", "client_v2.mjs", "legacy", "legacy"),
    in_node("mcp-remote", "mcp-remote", "sdk_v1.mjs", "remote", "legacy"),
    in_python("LangChain's adapters", "langchain-mcp-adapters", "langchain_adapters.py", "legacy"),
    in_python("OpenAI's agents SDK", "openai-agents", "openai_agents.py", "modern"),
    in_python("Pydantic AI", "pydantic-ai-slim", "pydantic_toolset.py", "modern"),
    in_python("Strands agents", "strands-agents", "strands_client.py", "modern"),
)
