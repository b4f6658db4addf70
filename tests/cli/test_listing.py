"""`gateway list`: what is served, by public name, from what was last heard or live."""

import asyncio
from pathlib import Path

import pytest
from fastmcp import Client

from tests.cli.conftest import Verb
from tests.gateways.kit import configuration, in_memory, written
from tests.upstreams.kit import Running, raw_http
from tests.upstreams.raw.definitions import TOOLS


@pytest.fixture
def file(tmp_path: Path, raw_both: Running) -> Path:
    return written(tmp_path, configuration({"raw": raw_both}))


def test_a_table_of_everything(file: Path, verb: Verb):
    said = verb("list", "--live")
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["kind", "name", "description"]
    for start in ("tool", "resource", "template", "prompt"):
        assert any(line.startswith(start) for line in lines)
    assert "Returns the text in capitals." in said.out
    assert said.err == ""


def test_json_has_each_name_with_its_description(file: Path, verb: Verb):
    found = verb("list", "--live", "--json").json
    assert list(found) == ["tools", "resources", "templates", "prompts"]
    assert found["tools"]["own_shout"] == "Returns the text in capitals."
    assert found["prompts"].keys() >= {"own_greet", "raw_greet"}
    assert found["resources"].keys() >= {
        "config://server",
        "status://system",
        "text://own/notes",
        "text://raw/raw/notes",
    }
    assert found["templates"].keys() == {"text://own/items/{item}", "text://raw/raw/items/{id}"}


async def test_it_lists_what_a_client_sees(tmp_path: Path, verb: Verb, raw_both: Running):
    async with in_memory(tmp_path, configuration({"raw": raw_both})) as gateway, Client(gateway) as client:
        seen = {
            "tools": {tool.name for tool in await client.list_tools()},
            "resources": {str(resource.uri) for resource in await client.list_resources()},
            "templates": {template.uri_template for template in await client.list_resource_templates()},
            "prompts": {prompt.name for prompt in await client.list_prompts()},
        }
    found = await asyncio.to_thread(verb, "list", "--json")
    assert {kind: set(names) for kind, names in found.json.items()} == seen


def test_without_live_nobody_is_asked_and_who_was_never_heard_is_named(file: Path, verb: Verb, raw_both: Running):
    said = verb("list", "--json")
    assert said.json["tools"].keys() == {"own_shout", "own_crash", "own_shout_twice"}
    assert said.err == "note: upstream raw was never heard: `gateway doctor` asks it\n"
    assert raw_both.record() == []


def test_what_was_heard_once_is_listed_ever_after(tmp_path: Path, verb: Verb):
    with raw_http() as upstream:
        written(tmp_path, configuration({"raw": upstream}))
        assert verb("list", "--live").status == 0
    for words in (["list", "--json"], ["list", "--live", "--json"]):
        said = verb(*words)
        assert said.json["tools"].keys() >= {f"raw_{tool['name']}" for tool in TOOLS}
        assert said.err == ""
