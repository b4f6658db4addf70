"""The fixtures, as another project's pytest finds them."""

import subprocess
import sys
from pathlib import Path

USING = """
import asyncio
import pytest
from gateway.testing import client_of


async def seen(gateway_with, fake_upstream):
    fake_upstream.answer("look", "seen")
    async with gateway_with(f'[upstreams.fake]\\nurl = "{fake_upstream.url}"\\n') as gateway:
        async with client_of(gateway) as client:
            return (await client.call_tool("fake_look")).content[0].text


def test_look(gateway_with, fake_upstream):
    assert asyncio.run(seen(gateway_with, fake_upstream)) == "seen"
"""
NOT_USING = """
import sys

def test_nothing_is_imported_that_nobody_asked_for():
    assert "gateway.pytest_plugin" in sys.modules
    heavy = {"fastmcp", "mcp", "uvicorn", "pydantic", "gateway.testing"}
    assert not heavy & set(sys.modules)
"""


def said_of(folder: Path, text: str) -> str:
    """What pytest says of a file with this text, in a folder of its own."""
    (folder / "test_it.py").write_text(text)
    # Plugins of this project's own tests import some of it themselves.
    own = ("asyncio", "timeout", "xdist", "hypothesispytest", "inline_snapshot", "respx", "anyio", "valkey")
    without = [word for name in own for word in ("-p", f"no:{name}")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir", str(folder), *without, "test_it.py"],
        cwd=folder, capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_fixtures_are_there_once_the_gateway_is_installed(tmp_path: Path) -> None:
    assert "1 passed" in said_of(tmp_path, USING)


def test_they_cost_nothing_to_others(tmp_path: Path) -> None:
    said = said_of(tmp_path, NOT_USING)
    assert "1 passed" in said, said
