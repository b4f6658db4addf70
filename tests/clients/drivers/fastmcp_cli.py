"""FastMCP's command line: `fastmcp list` and `fastmcp call`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from told import CALLS, URL, tell

FASTMCP = str(Path(sys.executable).with_name("fastmcp"))


def start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([FASTMCP, *words, "--json"], stdout=subprocess.PIPE)


def result(process: subprocess.Popen[bytes]) -> Mapping[str, Any]:
    out, _ = process.communicate()
    return json.loads(out)


listing = start("list", URL)
calls = {name: start("call", URL, name, "--input-json", json.dumps(args)) for name, args in CALLS.items()}
tell(
    (tool["name"] for tool in result(listing)["tools"]),
    {name: result(call)["content"][0]["text"] for name, call in calls.items()},
)
