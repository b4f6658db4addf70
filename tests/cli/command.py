"""Runs the real `gateway` command."""

import os
import subprocess
import sys
from pathlib import Path


def gateway(*words: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """One run in `folder`, with no variable of the machine's but the ones that Python itself needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "from gateway.cli import main; main()", *words],
        cwd=folder,
        env=kept | environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
