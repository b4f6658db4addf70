"""A gateway in this process, of a configuration that a test writes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.app import create_gateway
from gateway.server import Gateway


@asynccontextmanager
async def open_gateway(folder: Path, configuration: str) -> AsyncGenerator[Gateway]:
    """The gateway of `configuration`, the text of a `gateway.toml`, open and with all its upstreams heard.

    The text is written to `folder`, where the gateway keeps its state as well.

    Raises:
        ConfigurationError: with every fault found.
    """
    file = folder / "gateway.toml"
    file.write_text(configuration, encoding="utf-8")
    gateway = create_gateway(file)
    async with gateway.opened():
        await gateway.runtime.heard()
        yield gateway
