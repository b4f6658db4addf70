"""Fixtures for tests of services and gateways. pytest finds them by itself once the gateway is installed.

It loads this module for every test run, whatever is tested: all that takes time is imported when a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.server import Gateway
    from gateway.testing import FakeUpstream


@pytest.fixture
def fake_upstream() -> Generator[FakeUpstream]:
    """An MCP server on loopback that offers and does what the test tells it to."""
    from gateway.testing import FakeUpstream

    with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
def gateway_with(tmp_path: Path) -> Callable[[str], AbstractAsyncContextManager[Gateway]]:
    """Opens the gateway of a `gateway.toml`'s text: `async with gateway_with(text) as gateway`."""
    from gateway.testing import open_gateway

    return partial(open_gateway, tmp_path)
