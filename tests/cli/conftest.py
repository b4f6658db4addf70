"""Verbs run in this process, in a folder of their own."""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastmcp
import pytest

from gateway.cli import DEBUG, run
from gateway.config.load import FILE_VARIABLE


@dataclass(frozen=True)
class Said:
    """How one run of the command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Verb = Callable[..., Said]


@pytest.fixture
def logs_as_they_were() -> Generator[None]:
    """A verb takes over the logging of its process; give it back."""
    root = logging.getLogger()
    handlers, level, enabled = root.handlers[:], root.level, fastmcp.settings.log_enabled
    hooks = sys.excepthook, threading.excepthook
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    fastmcp.settings.log_enabled = enabled
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
    logging.disable(logging.NOTSET)


@pytest.fixture
def verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], logs_as_they_were: None
) -> Verb:
    """Run the command with these words in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    for name in (FILE_VARIABLE, DEBUG, "MCP_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def once(*words: str) -> Said:
        status = run(list(words))
        out, err = capfd.readouterr()
        assert DEBUG in os.environ or "Traceback" not in err
        return Said(status, out, err)

    return once
