"""Things that take long to install, made once for the versions they are pinned to, and kept in an ignored folder."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PATIENCE = 600.0
"""Seconds for one installation."""


def kept(home: Path, pins: bytes, make: Callable[[Path], None]) -> Path:
    """The folder under `home` that `make` fills for these pins: now, or in an earlier run, however many processes ask.

    Another Python makes another folder.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = home / hashlib.sha256(pins + version.encode()).hexdigest()[:12]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "complete").touch()
    return folder


def python_with(requirements: Path, home: Path) -> str:
    """The interpreter of an environment with these requirements, which name every package and version.

    Raises CalledProcessError, with what the installer said in `stderr`, when they can't be had.
    """

    def make(folder: Path) -> None:
        python = folder / "bin" / "python"
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        if uv:
            _run(uv, "venv", "--quiet", "--python", sys.executable, folder)
            _run(uv, "pip", "install", "--quiet", "--python", python, "-r", requirements)
        else:
            _run(sys.executable, "-m", "venv", folder)
            _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements)

    return str(kept(home, requirements.read_bytes(), make) / "bin" / "python")


def _run(*command: str | Path) -> None:
    words = [str(part) for part in command]
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=PATIENCE)
