"""The servers that the suite meets, each in a process of its own."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.uris import NAMESPACE
from tests.upstreams import process

FIXTURE = "tests.conformance.fixture"
BEHIND = "tests.conformance.behind"


@contextmanager
def fixture(*, published: bool) -> Generator[str]:
    """The fixture's URL; `published` as its module says."""
    with _started(FIXTURE, *(("--published",) if published else ())) as url:
        yield url


@contextmanager
def gateway(upstream: str, folder: Path) -> Generator[str]:
    """The URL of a gateway that offers one upstream and nothing else. Its configuration and log lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "gateway.toml"
    file.write_text(f'[services]\n[upstreams.{NAMESPACE}]\nurl = "{upstream}"\n')
    with _started(BEHIND, str(file)) as url:
        yield url


@contextmanager
def _started(module: str, *arguments: str) -> Generator[str]:
    started, url = process.start(("-m", module, *arguments))
    try:
        yield url
    finally:
        process.stop(started)
