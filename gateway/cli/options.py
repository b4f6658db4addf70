"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

ConfigFile = Annotated[
    Path | None, Parameter(name="--config", help="File to read; else GATEWAY_CONFIG, else gateway.toml here.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
At = Annotated[
    str | None, Parameter(name="--at", help="URL of any MCP server; else the gateway that is configured here.")
]
BearerEnv = Annotated[str | None, Parameter(name="--bearer-env", help="Variable that holds the token to send to --at.")]
Deadline = Annotated[
    float | None, Parameter(name="--deadline", validator=validators.Number(gt=0), help="Seconds that it may take.")
]
