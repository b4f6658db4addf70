"""Upstreams from several files. Whole files are in `cases/`."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.draft import Draft, Source
from gateway.config.mcpjson import Server
from gateway.config.upstreams import absolute_folders, check_names, include, settle_transports


def draft(**tree: Any) -> Draft:
    return Draft(tree, {(): Source("gateway.toml", (), Path("/etc"), "gateway.toml")})


def server(name: str, file: str = "mcp.json", **table: Any) -> Server:
    return Server(name, name.lower(), table, Source(file, ("mcpServers", name), Path("/home"), "mcp.json"))


def test_a_table_without_url_or_command_is_put_over_the_included_one():
    it = draft(upstreams={"github": {"deadline": 5, "headers": {"B": "own"}}})
    include(it, [server("GitHub", url="https://example.com", headers={"A": "theirs", "B": "theirs"})])
    assert it.tree["upstreams"]["github"] == {
        "url": "https://example.com",
        "headers": {"A": "theirs", "B": "own"},
        "deadline": 5,
    }
    assert [it.source(("upstreams", "github", key))[0].file for key in ("url", "deadline")] == [
        "mcp.json",
        "gateway.toml",
    ]


@pytest.mark.parametrize("own", [{"url": "https://own.example.com"}, {"command": "npx"}])
def test_a_table_with_a_url_or_a_command_replaces_it_whole(own: dict[str, str]):
    it = draft(upstreams={"github": own})
    include(it, [server("GitHub", url="https://example.com", headers={"A": "theirs"})])
    assert it.tree["upstreams"] == {"github": own}
    assert it.notes == ["mcp.json: GitHub is not used: gateway.toml has its own github"]


def test_own_table_settles_a_clash_of_two_files():
    it = draft(upstreams={"github": {"url": "https://own.example.com"}})
    include(it, [server("GitHub", command="npx"), server("github", "other.json", command="uvx")])
    assert it.faults == []


def test_a_clash_names_both_places():
    it = draft()
    include(it, [server("GitHub", command="npx"), server("github", "other.json", command="uvx")])
    [fault] = it.faults
    assert (fault.file, fault.key) == ("other.json", "mcpServers.github")
    assert "mcpServers.GitHub of mcp.json" in fault.problem


def test_a_wrong_transport_is_faulted_at_the_key_that_was_written():
    it = draft(upstreams={"a": {"type": "carrier pigeon"}, "b": {"transport": 5}})
    settle_transports(it)
    assert [fault.key for fault in it.faults] == ["upstreams.a.type", "upstreams.b.transport"]


def test_a_relative_folder_hangs_on_the_file_that_names_it():
    it = draft(upstreams={"own": {"cwd": "tools"}})
    include(it, [server("theirs", command="npx", cwd="tools")])
    absolute_folders(it, {})
    assert [it.tree["upstreams"][name]["cwd"] for name in ("own", "theirs")] == ["/etc/tools", "/home/tools"]


def test_an_upstream_cannot_have_the_namespace_of_a_service_that_is_on():
    it = draft(services={"data": {}, "off": {"enabled": False}}, upstreams={"data": {}, "off": {}})
    check_names(it)
    assert [fault.key for fault in it.faults] == ["upstreams.data"]
