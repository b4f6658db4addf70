"""Where a running gateway keeps its state, found also while its configuration is broken."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from gateway.config.files import Unreadable, read_text
from gateway.config.load import find, load
from gateway.config.model import ServerConfig
from gateway.errors import ConfigurationError

VARIABLE = "GATEWAY__SERVER__STATE_DIR"


def state_dir(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The state directory of the configuration at `path`, found as `load` finds it.

    Where the configuration has faults, what it says of the directory counts, if that can still be read.
    """
    environ = os.environ if environ is None else environ
    try:
        return load(path, environ).state_dir
    except ConfigurationError:
        file = find(path, environ)
        folder = Path.cwd() if file is None else file.resolve().parent
        return folder / Path(environ.get(VARIABLE) or _written(file) or ServerConfig().state_dir).expanduser()


def _written(file: Path | None) -> str:
    try:
        text = "" if file is None else read_text(file)
        found = tomllib.loads(text)["server"]["state_dir"]
    except (Unreadable, tomllib.TOMLDecodeError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""
