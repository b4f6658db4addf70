"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

ConfigFile = Annotated[
    Path | None, Parameter(name="--config", help="File to read; else GATEWAY_CONFIG, else gateway.toml here.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
