"""Our gateway in its own process, with a configuration written for one measurement."""

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.upstreams import process

READY_PATIENCE = 30.0


@dataclass(frozen=True)
class Served:
    """A gateway that is ready: its MCP URL, its process, and how many seconds it took from its start."""

    url: str
    pid: int
    ready_after: float

    @property
    def memory(self) -> int:
        """Resident bytes of its process tree."""
        whole = psutil.Process(self.pid)
        return sum(each.memory_info().rss for each in [whole, *whole.children(recursive=True)])


@contextlib.contextmanager
def gateway(urls: Sequence[str], *, more: str = "") -> Generator[Served]:
    """A gateway with the upstreams `up0`, `up1`, … and the service `own`."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.toml"
        upstreams = "".join(f'[upstreams.up{number}]\nurl = "{url}"\n' for number, url in enumerate(urls))
        file.write_text(f'[services.own]\nmodule = "bench.service:mcp"\n{upstreams}{more}')
        began = time.perf_counter()
        started, url = process.start(("-m", "bench.up", str(file)))
        try:
            _wait_until_ready(url.removesuffix("/mcp") + "/readyz")
            yield Served(url, started.pid, time.perf_counter() - began)
        finally:
            process.stop(started)


def _wait_until_ready(url: str) -> None:
    until = time.monotonic() + READY_PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
