"""Our own services: found by dotted path, made from their settings, and listed as they are mounted."""

import sys
from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest
from fastmcp import FastMCP

from gateway.config.model import ServiceConfig
from gateway.errors import ConfigurationError, Fault, ServiceBroken
from gateway.services import list_service, load_services
from tests.gateways import service

WITH_SETTINGS = """
from fastmcp import FastMCP
from pydantic import BaseModel

class Settings(BaseModel, frozen=True, extra="forbid"):
    greeting: str = "hello"
    times: int = 1

def create_server(settings):
    return FastMCP(f"{settings.greeting} {settings.times}")

spare = FastMCP("spare")
"""
READY = "from fastmcp import FastMCP\nmcp = FastMCP('ready')\nother = FastMCP('other')\nnothing = 5\n"

numbers = count()


@pytest.fixture
def module(tmp_path: Path) -> Generator[str]:
    """The name that a module in `tmp_path` may have: no other test's has it, as Python keeps modules for good."""
    name = f"a_service_{next(numbers)}"
    yield name
    sys.modules.pop(name, None)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def load(folder: Path, **configs: dict[str, object]) -> dict[str, FastMCP]:
    return load_services(
        {name: ServiceConfig.model_validate(config) for name, config in configs.items()}, "gateway.toml", folder
    )


def faults(folder: Path, **configs: dict[str, object]) -> tuple[Fault, ...]:
    with pytest.raises(ConfigurationError) as refusal:
        load(folder, **configs)
    return refusal.value.faults


def test_a_service_that_ships_is_found_by_its_namespace(tmp_path: Path, module: str):
    assert load(tmp_path, data={}, external={})["data"].name == "data"


def test_what_is_off_is_not_even_imported(tmp_path: Path, module: str):
    assert load(tmp_path, other={"enabled": False, "module": "no.such.module"}) == {}


def test_a_module_is_made_from_its_settings_each_time_anew(tmp_path: Path, module: str):
    (tmp_path / f"{module}.py").write_text(WITH_SETTINGS)
    first = load(tmp_path, own={"module": module, "greeting": "good day", "times": 2})
    second = load(tmp_path, own={"module": module})
    assert (first["own"].name, second["own"].name) == ("good day 2", "hello 1")


@pytest.mark.parametrize(("suffix", "name"), [("", "ready"), (":mcp", "ready"), (":other", "other")])
def test_a_ready_object_is_taken_as_it_is(tmp_path: Path, module: str, suffix: str, name: str):
    (tmp_path / f"{module}.py").write_text(READY)
    assert load(tmp_path, own={"module": module + suffix})["own"].name == name


def test_one_object_of_a_module_that_could_make_one(tmp_path: Path, module: str):
    (tmp_path / f"{module}.py").write_text(WITH_SETTINGS)
    assert load(tmp_path, own={"module": f"{module}:spare"})["own"].name == "spare"


def test_modules_beside_the_configuration_come_after_installed_ones(tmp_path: Path, module: str):
    load(tmp_path, data={})
    assert sys.path[-1] == str(tmp_path)
    load(tmp_path, data={})
    assert sys.path.count(str(tmp_path)) == 1


def test_a_ready_object_takes_no_settings(tmp_path: Path, module: str):
    (tmp_path / f"{module}.py").write_text(READY)
    found = faults(tmp_path, own={"module": module, "url": "CANARY", "size": 2})
    assert [fault.key for fault in found] == ["services.own.url", "services.own.size"]
    assert {fault.problem for fault in found} == {"is no key of this service"}
    assert "CANARY" not in str(found)


def test_every_wrong_setting_is_named_with_the_keys_that_there_are(tmp_path: Path, module: str):
    (tmp_path / f"{module}.py").write_text(WITH_SETTINGS)
    found = faults(tmp_path, own={"module": module, "times": "CANARY", "greting": "CANARY"})
    assert [(fault.key, fault.cure) for fault in found] == [
        ("services.own.times", "Its keys: greeting, times."),
        ("services.own.greting", "Its keys: greeting, times."),
    ]
    assert found[1].problem == "is no key of this service"
    assert "CANARY" not in str(found)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("no_such_package.server", "cannot be imported: there is no module 'no_such_package'"),
        ("{}:missing", "names no FastMCP object"),
        ("{}:nothing", "names no FastMCP object"),
    ],
)
def test_a_path_that_leads_nowhere(tmp_path: Path, module: str, path: str, problem: str):
    (tmp_path / f"{module}.py").write_text(READY)
    (fault,) = faults(tmp_path, own={"module": path.format(module)})
    assert (fault.file, fault.key, fault.problem) == ("gateway.toml", "services.own.module", problem)
    assert fault.cure


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("import no_such_dependency", "there is no module 'no_such_dependency'"),
        ("from json import no_such_name", "cannot import name 'no_such_name'"),
    ],
)
def test_a_module_that_lacks_what_it_imports(tmp_path: Path, module: str, text: str, part: str):
    (tmp_path / f"{module}.py").write_text(text)
    (fault,) = faults(tmp_path, own={"module": module})
    assert part in fault.problem


def test_the_faults_of_all_services_are_told_together(tmp_path: Path, module: str):
    found = faults(tmp_path, one={}, data={"nothing": 1}, two={"module": "no_such"})
    assert [fault.key for fault in found] == ["services.one.module", "services.data.nothing", "services.two.module"]


# listing


async def test_a_listing_has_wire_objects_under_the_services_own_names():
    listing = await list_service("own", service.server)
    assert repr(listing) == "<Listing tools=3 resources=1 templates=1 prompts=1>"
    shout = next(tool for tool in listing.tools if tool["name"] == "shout")
    assert shout["inputSchema"]["properties"].keys() == {"text", "times"}
    assert shout["annotations"] == {"readOnlyHint": True}
    assert listing.heard_at > 0


@pytest.mark.parametrize("name", ["a" * 64, "dotted.name", "with space"])
async def test_a_name_that_would_have_to_change_is_refused(name: str):
    server = FastMCP("odd")
    server.tool(lambda: "here", name=name)
    with pytest.raises(ServiceBroken, match="Service 'odd' offers names that do not hold to the grammar"):
        await list_service("odd", server)


async def test_the_gateways_own_names_stand_alone():
    server = FastMCP("gateway")
    server.tool(lambda: "here", name="a" * 64)
    assert len((await list_service("gateway", server, prefixed=False)).tools) == 1


async def test_what_a_service_says_to_caches_is_kept():
    hinted = await list_service("own", FastMCP("own", cache_ttl=60, cache_scope="public"))
    assert hinted.hints["tools/list"] == {"ttlMs": 60_000, "cacheScope": "public"}
    assert (await list_service("own", FastMCP("own"))).hints == {}


async def test_a_tool_is_titled_by_its_public_name_as_fastmcp_does_it_where_it_has_no_title():
    server = FastMCP("own")
    server.tool(lambda: "", name="look_up")
    server.tool(lambda: "", name="other", title="Said")
    assert [tool["title"] for tool in (await list_service("own", server)).tools] == ["Own Look Up", "Said"]


async def test_of_a_tool_in_several_versions_the_highest_is_listed():
    server = FastMCP("own")
    for version in ("1", "3", "2"):
        server.tool(lambda: "", name="look_up", version=version, description=version)
    (tool,) = (await list_service("own", server)).tools
    assert (tool["name"], tool["description"]) == ("look_up", "3")
    assert tool["_meta"]["fastmcp"]["versions"] == ["3", "2", "1"]
