"""Upstreams that are started once and kept for all tests of a process.

Each test finds them well and their record empty; one that was killed is started anew. For other options, or several of
a kind, use `tests.upstreams.kit`.
"""

import contextlib
import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.upstreams.kit import (
    Command,
    Running,
    Starting,
    fastmcp_http,
    fastmcp_stdio,
    legacy_http,
    legacy_sse,
    legacy_stdio,
    raw_http,
    raw_sse,
)
from tests.upstreams.legacy_env import legacy_python

LEGACY_FIXTURES = {
    "legacy_upstream", "legacy_stateless_upstream", "legacy_sse_upstream", "legacy_command", "every_kind"
}  # fmt: skip

Keep = Callable[[Starting], Running]

# The first text that is drawn on a machine has Hypothesis make tables of all characters, which may take a second; how
# fast inputs are drawn says nothing of what is tested.
settings.register_profile("any machine", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two cores: most tests wait for processes of their own."""
    return (os.cpu_count() or 1) * 3 // 2 or 1


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make the legacy environment before the first test that needs it, whose timeout is too short for a download."""
    needed = any(LEGACY_FIXTURES & set(getattr(item, "fixturenames", ())) for item in session.items)
    if needed and not session.config.option.collectonly:
        legacy_python()


@pytest.fixture(scope="session")
def keep() -> Generator[Keep]:
    """Start an upstream, or give the one that was started with the same arguments before."""
    kept: dict[tuple[str, ...], Running] = {}
    with contextlib.ExitStack() as stack:

        def kept_or_started(starting: Starting) -> Running:
            running = kept.get(starting.arguments)
            if running is None or running.process.poll() is not None:
                running = kept[starting.arguments] = stack.enter_context(starting)
            return running

        yield kept_or_started


def well(running: Running) -> Running:
    """A raw upstream without a fault and with an empty record."""
    running.control()
    running.reset()
    return running


def unheard(running: Running) -> Running:
    """An SDK's upstream with an empty record."""
    running.reset()
    return running


@pytest.fixture
def raw_modern(keep: Keep) -> Running:
    """Modern only, answers as streams."""
    return well(keep(raw_http(era="modern")))


@pytest.fixture
def raw_modern_json(keep: Keep) -> Running:
    """Modern only, answers as JSON."""
    return well(keep(raw_http(era="modern", answer="json")))


@pytest.fixture
def raw_legacy(keep: Keep) -> Running:
    """Legacy only, with session ids, answers as streams."""
    return well(keep(raw_http(era="legacy")))


@pytest.fixture
def raw_legacy_json(keep: Keep) -> Running:
    """Legacy only, with session ids, answers as JSON."""
    return well(keep(raw_http(era="legacy", answer="json")))


@pytest.fixture
def raw_sessionless(keep: Keep) -> Running:
    """Legacy only, without session ids."""
    return well(keep(raw_http(era="legacy", session=False)))


@pytest.fixture
def raw_both(keep: Keep) -> Running:
    """Both eras at one endpoint."""
    return well(keep(raw_http(era="both")))


@pytest.fixture
def raw_sse_upstream(keep: Keep) -> Running:
    """HTTP with SSE of 2024-11-05."""
    return well(keep(raw_sse()))


@pytest.fixture
def fastmcp_upstream(keep: Keep) -> Running:
    """This environment's FastMCP over HTTP."""
    return unheard(keep(fastmcp_http()))


@pytest.fixture
def fastmcp_command(tmp_path: Path) -> Generator[Command]:
    """This environment's FastMCP over stdio."""
    with fastmcp_stdio(tmp_path) as command:
        yield command


@pytest.fixture
def legacy_upstream(keep: Keep) -> Running:
    """`mcp` 1.x over Streamable HTTP, with sessions."""
    return unheard(keep(legacy_http()))


@pytest.fixture
def legacy_stateless_upstream(keep: Keep) -> Running:
    """`mcp` 1.x over Streamable HTTP, without sessions."""
    return unheard(keep(legacy_http(stateless=True)))


@pytest.fixture
def legacy_sse_upstream(keep: Keep) -> Running:
    """`mcp` 1.x over HTTP with SSE."""
    return unheard(keep(legacy_sse()))


@pytest.fixture
def legacy_command(tmp_path: Path) -> Generator[Command]:
    """`mcp` 1.x over stdio."""
    with legacy_stdio(tmp_path) as command:
        yield command
