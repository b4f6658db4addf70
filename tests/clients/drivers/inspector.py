"""The Inspector's command line, in the era MODE; this runs in the folder of the npm packages."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from told import CALLS, MODE, URL, tell

NODE = str(Path(sys.executable).with_name("node"))
INSPECTOR = "node_modules/.bin/mcp-inspector"


def start(method: str, *words: str) -> subprocess.Popen[bytes]:
    how = ("--transport", "http", "--protocol-era", MODE, "--format", "json", "--quiet")
    return subprocess.Popen([NODE, INSPECTOR, "--cli", URL, *how, "--method", method, *words], stdout=subprocess.PIPE)


def result(process: subprocess.Popen[bytes]) -> Mapping[str, Any]:
    out, _ = process.communicate()
    return json.loads(out)["result"]


def call(name: str, arguments: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    return start(
        "tools/call", "--tool-name", name, "--tool-arg", *(f"{key}={value}" for key, value in arguments.items())
    )


listing = start("tools/list")
calls = {name: call(name, arguments) for name, arguments in CALLS.items()}
tell(
    (tool["name"] for tool in result(listing)["tools"]),
    {name: result(each)["content"][0]["text"] for name, each in calls.items()},
)
