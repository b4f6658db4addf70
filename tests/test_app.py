"""`create_gateway`: what it reads, what it does not do yet, and that everybody who uses it serves the same."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.utilities.mcp_server_config import MCPServerConfig

from gateway.app import create_gateway
from gateway.errors import ConfigurationError
from tests.cli.running import GATEWAY, PATIENCE, clean_environment, fastmcp_run
from tests.conftest import Keep
from tests.gateways.kit import configuration, in_memory, written
from tests.structure.tree import ROOT, tracked
from tests.upstreams.kit import Command, Running, legacy_sse, raw_http, raw_stdio

EVERYTHING = """
[services.data]
[services.external]
[services.database]
[auth.jwt.ours]
issuer = "https://issuer.example"
audience = "https://mcp.example.com"
jwks_uri = "https://issuer.example/keys"
[upstreams.web]
url = "http://127.0.0.1:9/mcp"
auth.bearer = "a-bearer-token"
[upstreams.tool]
command = "no-such-program"
env = { TOKEN = "a-token-of-the-tool" }
"""


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("nothing may be connected or looked up here")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to another machine or process fails."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


async def test_in_a_running_loop_it_only_reads(tmp_path: Path, no_network: None):
    file = written(tmp_path, EVERYTHING)
    tasks = asyncio.all_tasks()
    gateway = create_gateway(file)
    assert "data_process" in {tool.name for tool in await gateway.list_tools()}
    assert asyncio.all_tasks() == tasks
    assert files_in(tmp_path) == {"gateway.toml"}


async def test_what_was_heard_once_is_there_before_anything_runs(
    tmp_path: Path, raw_modern: Running, monkeypatch: pytest.MonkeyPatch
):
    text = configuration({"raw": raw_modern})
    async with in_memory(tmp_path, text):
        pass
    monkeypatch.setattr(socket.socket, "connect", refuse)
    names = {tool.name for tool in await create_gateway(tmp_path / "gateway.toml").list_tools()}
    assert {"raw_echo", "own_shout"} <= names


async def test_another_upstream_of_that_name_inherits_nothing(tmp_path: Path, raw_modern: Running, raw_both: Running):
    async with in_memory(tmp_path, configuration({"raw": raw_modern})):
        pass
    other = create_gateway(written(tmp_path, configuration({"raw": raw_both})))
    assert "raw_echo" not in {tool.name for tool in await other.list_tools()}


async def test_a_listing_that_cannot_be_kept_is_served_all_the_same(tmp_path: Path, raw_modern: Running):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "listings").write_text("a file where a folder should be")
    async with in_memory(tmp_path, configuration({"raw": raw_modern})) as gateway, Client(gateway) as client:
        assert "raw_echo" in {tool.name for tool in await client.list_tools()}


def test_all_faults_are_told_together(tmp_path: Path):
    file = written(
        tmp_path, "[services.data]\nrots = []\n[services.other]\n[services.database]\nurl = 5\ntimeout = -1\n"
    )
    with pytest.raises(ConfigurationError) as refusal:
        create_gateway(file)
    assert {fault.file for fault in refusal.value.faults} == {str(file)}
    assert sorted(fault.key for fault in refusal.value.faults) == [
        "services.data.rots",
        "services.database.timeout",
        "services.database.url",
        "services.other.module",
    ]


# an mcp.json of somebody's machine


def entry(command: Command) -> dict[str, Any]:
    return {"command": command.command, "args": list(command.args), "env": command.env}


@pytest.mark.parametrize(
    ("name", "root"), [("claude_desktop_config.json", "mcpServers"), (".vscode/mcp.json", "servers")]
)
async def test_an_mcp_json_works_by_one_line(
    tmp_path: Path, keep: Keep, raw_modern: Running, name: str, root: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NOTES_TOKEN", "of-the-machine")
    old = keep(legacy_sse())
    with raw_stdio(tmp_path) as program:
        servers = {
            "GitHub": entry(program),
            "my_notes": {"url": raw_modern.url, "headers": {"Authorization": "Bearer ${env:NOTES_TOKEN}"}},
            "old": {"type": "sse", "url": old.url},
            "spare": {"command": "npx", "args": ["nothing"], "disabled": True},
        }
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({root: servers}))
        async with in_memory(tmp_path, f'include = ["{name}"]\n[services]') as gateway, Client(gateway) as client:
            for tool in ("github_echo", "my-notes_echo", "old_echo"):
                result = await client.call_tool(tool, {"text": "hello"})
                assert result.content[0].text == "hello"
    assert {entry["headers"]["authorization"] for entry in raw_modern.record()} == {"Bearer of-the-machine"}


# everybody who uses it


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as it is on a machine where only the dependencies are installed."""
    folder = tmp_path_factory.mktemp("copy")
    for path in tracked():
        if path.parts[0] in ("gateway", "services", "server.py", "fastmcp.json", "gateway.toml"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    return folder


@pytest.fixture(scope="module")
def environ(keep: Keep) -> dict[str, str]:
    """One more upstream and another address, by the environment alone. COLUMNS keeps FastMCP from breaking lines."""
    return {
        "GATEWAY__UPSTREAMS__RAW__URL": keep(raw_http(era="modern")).url,
        "GATEWAY__SERVER__HOST": "127.0.0.2",
        "GATEWAY__SERVER__PORT": "0",
        "COLUMNS": "1000",
    }


@pytest.fixture(scope="module")
def served(copy: Path, environ: Mapping[str, str]) -> Generator[str]:
    """The URL of `fastmcp run fastmcp.json`."""
    with fastmcp_run(copy, "--no-banner", **environ) as process:
        yield json.loads(process.wait_for('"event": "serving"'))["url"]
        assert process.stop() == 0
        assert "Traceback" not in process.said


async def names_at(url: str) -> dict[str, set[str]]:
    async with Client(url) as client:
        return {
            "tools": {tool.name for tool in await client.list_tools()},
            "resources": {str(resource.uri) for resource in await client.list_resources()},
            "templates": {template.uri_template for template in await client.list_resource_templates()},
            "prompts": {prompt.name for prompt in await client.list_prompts()},
        }


def without_the_project(copy: Path, environ: Mapping[str, str], *words: str) -> str:
    """The output of a Python command in a copy where nothing but the dependencies is installed.

    `-S` leaves out the `.pth` files that make the checkout importable, `-P` the folder that the command is run in.
    """
    paths = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        (sys.executable, "-S", "-P", *words),
        cwd=copy,
        env=clean_environment(**environ, **paths),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_copy_is_all_there_is_of_the_project(copy: Path, environ: Mapping[str, str]):
    find = "from importlib.util import find_spec; print(find_spec('gateway'))"
    assert without_the_project(copy, environ, "-c", find) == "None\n"


@pytest.fixture(scope="module")
def listed(copy: Path, environ: Mapping[str, str], served: str) -> dict[str, set[str]]:
    """What `gateway list` lists, once the upstream was heard."""
    run = (*GATEWAY, "list", "--json")
    done = subprocess.run(
        run, cwd=copy, env=clean_environment(**environ), capture_output=True, check=True, timeout=PATIENCE
    )
    return {kind: set(names) for kind, names in json.loads(done.stdout).items()}


def test_fastmcp_run_serves_where_our_configuration_says(served: str):
    assert re.fullmatch(r"http://127\.0\.0\.2:\d+/mcp", served)
    assert not served.endswith(":8000/mcp")


async def test_fastmcp_run_serves_what_gateway_list_lists(served: str, listed: Mapping[str, set[str]]):
    assert await names_at(served) == listed
    assert {"data_process", "database_query", "external_fetch", "raw_echo"} <= listed["tools"]


def test_fastmcp_inspect_lists_it_in_its_own_format(
    copy: Path, environ: Mapping[str, str], listed: Mapping[str, set[str]]
):
    before = files_in(copy)
    found = json.loads(
        without_the_project(copy, environ, "-m", "fastmcp.cli", "inspect", "fastmcp.json", "-f", "fastmcp")
    )
    assert {tool["name"] for tool in found["tools"]} == listed["tools"]
    assert {prompt["name"] for prompt in found["prompts"]} == listed["prompts"]
    assert {resource["uri"] for resource in found["resources"]} == listed["resources"]
    assert {template["uri_template"] for template in found["templates"]} == listed["templates"]
    assert files_in(copy) == before


def test_fastmcp_inspect_lists_it_as_mcp(copy: Path, environ: Mapping[str, str], listed: Mapping[str, set[str]]):
    found = json.loads(without_the_project(copy, environ, "-m", "fastmcp.cli", "inspect", "fastmcp.json", "-f", "mcp"))
    assert {tool["name"] for tool in found["tools"]} == listed["tools"]
    assert {prompt["name"] for prompt in found["prompts"]} == listed["prompts"]
    assert {resource["uri"] for resource in found["resources"]} == listed["resources"]
    assert {template["uriTemplate"] for template in found["resourceTemplates"]} == listed["templates"]


def test_fastmcp_inspect_counts_it(copy: Path, environ: Mapping[str, str], listed: Mapping[str, set[str]]):
    text = without_the_project(copy, environ, "-m", "fastmcp.cli", "inspect", "fastmcp.json")
    for kind, names in listed.items():
        assert re.search(rf"{kind}: +{len(names)}$", text, re.MULTILINE | re.IGNORECASE)


def test_fastmcp_run_refuses_to_be_open_to_all(copy: Path, environ: Mapping[str, str]):
    with fastmcp_run(copy, "--no-banner", "--host", "0.0.0.0", **environ) as process:
        assert process.ended() == 1
    assert "no authentication is configured. Make a key with `gateway keys create`" in process.said


def test_every_key_of_fastmcp_json_is_read_by_fastmcp():
    document = json.loads((ROOT / "fastmcp.json").read_text())
    config = MCPServerConfig.from_file(ROOT / "fastmcp.json")
    assert document.keys() - {"$schema"} <= type(config).model_fields.keys()
    assert document["source"].keys() <= type(config.source).model_fields.keys()
    assert document["deployment"].keys() <= type(config.deployment).model_fields.keys()
    assert "auth" not in document["deployment"]
