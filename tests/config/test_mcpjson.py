"""One `mcp.json`. Files as clients leave them are in `cases/`."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.config.files import Unreadable
from gateway.config.mcpjson import Contents, read


def contents(tmp_path: Path, document: Any, name: str = "mcp.json") -> Contents:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document))
    return read(file, name)


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"mcpServers": {"A": {"command": "npx"}}}, "mcpServers.A"),
        ({"servers": {"A": {"command": "npx"}}}, "servers.A"),
        ({"editor.x": 1, "mcp": {"servers": {"A": {"command": "npx"}}}}, "mcp.servers.A"),
    ],
)
def test_servers_are_found_where_each_client_keeps_them(tmp_path: Path, document: Any, key: str):
    [server] = contents(tmp_path, document).servers
    assert (server.name, server.namespace, server.source.key()) == ("A", "a", key)


@pytest.mark.parametrize("key", ["url", "serverUrl", "httpUrl"])
def test_every_clients_word_for_url(tmp_path: Path, key: str):
    [server] = contents(tmp_path, {"mcpServers": {"a": {key: "https://example.com"}}}).servers
    assert (server.table, server.url_key) == ({"url": "https://example.com"}, key)


def test_null_is_as_good_as_nothing(tmp_path: Path):
    entry = {"command": "npx", "cwd": None, "url": None, "env": {"A": None, "B": "b"}}
    [server] = contents(tmp_path, {"mcpServers": {"a": entry}}).servers
    assert server.table == {"command": "npx", "env": {"B": "b"}}


@pytest.mark.parametrize("switch", [{"disabled": True}, {"enabled": False}])
def test_a_server_can_be_switched_off(tmp_path: Path, switch: dict[str, bool]):
    [server] = contents(tmp_path, {"mcpServers": {"a": {"command": "npx", **switch}}}).servers
    assert server.table == {"command": "npx", "enabled": False}


@pytest.mark.parametrize(
    ("name", "folder"), [(".vscode/mcp.json", "."), (".cursor/mcp.json", "."), ("x/mcp.json", "x")]
)
def test_an_editors_folder_stands_in_the_project(tmp_path: Path, name: str, folder: str):
    [server] = contents(tmp_path, {"servers": {"a": {"command": "npx"}}}, name).servers
    assert server.source.folder == (tmp_path / folder).resolve()


def test_a_file_without_servers_is_a_fault_and_one_with_none_is_not(tmp_path: Path):
    assert [fault.problem for fault in contents(tmp_path, {"other": {}}).faults] == ["holds no servers"]
    assert contents(tmp_path, {"mcpServers": {}}) == Contents()


def test_a_file_that_is_not_there_is_the_callers_to_tell(tmp_path: Path):
    with pytest.raises(Unreadable, match="is not there"):
        read(tmp_path / "gone.json", "gone.json")
