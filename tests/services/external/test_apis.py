"""Operations of OpenAPI documents as tools: their schemas and hints, and what happens when one cannot be had."""

import json
from pathlib import Path

import pytest
from fastmcp import Client

from services.external.server import Settings, create_server
from tests.services.external.conftest import answer_of
from tests.services.external.world import PUBLIC, Names, Sockets, network

PETS = Path(__file__).with_name("pets.yaml")


@pytest.fixture
async def tools(open_server):
    async def start(**api):
        client, prefix = await open_server(apis={"pets": {"document": PETS, **api}})
        found = await client.list_tools()
        return {
            tool.name.removeprefix(prefix): tool
            for tool in found
            if tool.name.startswith(f"{prefix}pets_") or tool.name == f"{prefix}fetch"
        }

    return start


async def test_each_operation_is_a_tool_with_honest_hints(tools):
    found = await tools()
    assert set(found) == {"fetch", "pets_listPets", "pets_addPet", "pets_getPet", "pets_deletePet"}
    hints = {
        name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint, tool.annotations.idempotent_hint)
        for name, tool in found.items()
    }
    assert hints["pets_listPets"] == hints["pets_getPet"] == (True, False, True)
    assert hints["pets_addPet"] == (False, True, False)
    assert hints["pets_deletePet"] == (False, True, True)
    assert found["pets_listPets"].description == "List pets."
    assert found["pets_listPets"].output_schema is None
    assert found["pets_listPets"].input_schema["properties"]["kind"]["enum"] == ["cat", "dog"]


async def test_a_schema_that_holds_itself_stays_a_tree(tools):
    schema = (await tools())["pets_addPet"].input_schema
    assert schema["properties"]["parents"]["items"] == {"$ref": "#/$defs/Pet"}
    assert schema["$defs"]["Pet"]["properties"]["parents"]["items"] == {"$ref": "#/$defs/Pet"}
    assert schema["required"] == ["name"]


async def test_only_what_is_taken_is_there(tools):
    assert set(await tools(tags=["pets"], operations=["GET *"])) == {"fetch", "pets_listPets"}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("listPets", {"kind": "CANARY"}, "The argument $.kind does not hold to its schema: enum"),
        ("listPets", {"limit": 101}, "The argument $.limit does not hold to its schema: maximum 100"),
        ("getPet", {}, "The argument $ does not hold to its schema: required"),
        ("addPet", {"name": "a", "parents": [{"name": ["CANARY"]}]}, "The argument $.parents[0].name does not hold"),
        ("getPet", {"id": ""}, "The argument id is empty"),
        ("getPet", {"id": "../CANARY"}, "Path parameter 'id' cannot contain dot segments"),
    ],
)
async def test_wrong_arguments_are_told_before_a_socket_opens(open_server, name, arguments, words):
    sockets = Sockets()
    client, prefix = await open_server(network(sockets), apis={"pets": {"document": PETS}})
    answer = answer_of(await client.call_tool(f"{prefix}pets_{name}", arguments, raise_on_error=False))
    assert words in str(answer.error)
    assert "CANARY" not in str(answer.error)
    assert sockets.opened == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"document": "missing.yaml"}, "Of its document missing.yaml: it cannot be read: No such file or directory."),
        ({"base_url": "http://127.0.0.1/"}, "its server may not be connected to. The URL's host is not on the public"),
        ({"base_url": "http://169.254.169.254/latest"}, "its server may not be connected to."),
        ({"base_url": "file:///etc/passwd"}, "its server may not be connected to. The URL is not one that may be"),
        ({"base_url": "https://user:CANARY@example.com/"}, "its server may not be connected to."),
        ({"operations": ["none"]}, "none of its 4 operations is taken."),
    ],
)
async def test_an_api_that_cannot_be_had_keeps_nothing_else_from_being_served(
    open_server, caplog, capfd, change, words
):
    client, prefix = await open_server(
        apis={"bad": {"document": PETS, **change}, "good": {"document": PETS, "operations": ["getPet"]}}
    )
    told = caplog.text + capfd.readouterr().err  # a gateway has a log of its own
    names = {tool.name for tool in await client.list_tools()}
    assert {f"{prefix}fetch", f"{prefix}good_getPet"} <= names
    assert not any("bad" in name for name in names)
    assert "The API 'bad' is not served. Of its document " in told
    assert words in told
    assert "CANARY" not in told


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            {"parameters": [{"name": 5}]},
            "paths./pets.get.parameters.0.Parameter.name: Input should be a valid string. Mend it.",
        ),
        ({"responses": 5}, "paths./pets.get.responses: Input should be a valid dictionary. Mend it."),
    ],
)
async def test_the_first_fault_of_a_document_is_told_without_the_document(tmp_path, caplog, broken, words):
    file = tmp_path / "a.json"
    operation = {"operationId": "CANARY", "responses": {}, **broken}
    file.write_text(
        json.dumps(
            {
                "openapi": "3.1.0",
                "info": {"title": "t", "version": "1"},
                "servers": [{"url": "http://a.example"}],
                "paths": {"/pets": {"get": operation}},
            }
        )
    )
    async with Client(create_server(Settings(apis={"a": {"document": file}}))):
        assert words in next(each for each in caplog.records if each.name == "services.external.server").getMessage()


@pytest.mark.parametrize(
    "server", ["http://10.0.0.1/v1", "http://localhost:8080", "http://[::1]/", "http://2130706433"]
)
async def test_a_document_whose_server_is_private_is_not_served(tmp_path, caplog, server):
    file = tmp_path / "pets.yaml"
    file.write_text(PETS.read_text().replace("http://api.example.com/v1", server))
    async with Client(create_server(Settings(apis={"pets": {"document": file}}))):
        pass
    assert "its server may not be connected to. The URL's" in caplog.text


async def test_a_server_whose_name_turns_out_to_be_private_gets_no_socket(open_server):
    sockets = Sockets()
    names = Names({"api.example.com": [[PUBLIC, "10.0.0.1"]]})
    client, prefix = await open_server(network(sockets, names), apis={"pets": {"document": PETS}})
    answer = answer_of(await client.call_tool(f"{prefix}pets_listPets", {}, raise_on_error=False))
    assert "The URL's host is not on the public internet." in str(answer.error)
    assert sockets.opened == []


def test_clients_are_told_of_an_api_that_is_missing(tmp_path):
    apis = {"one": {"document": PETS}, "two": {"document": tmp_path / "none"}, "three": {"document": tmp_path}}
    assert (create_server(Settings(apis=apis)).instructions or "").endswith(
        "Configured but not served, as the operator's log says: two, three."
    )


async def test_two_apis_may_have_operations_of_one_name():
    server = create_server(Settings(apis={"one": {"document": PETS}, "two": {"document": PETS}}))
    async with Client(server) as client:
        names = {tool.name for tool in await client.list_tools()}
    assert {"one_getPet", "two_getPet"} <= names
