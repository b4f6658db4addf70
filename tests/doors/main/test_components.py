"""Components list themselves as the upstream defined them, and are run by whoever holds the routes."""

from typing import Any

from gateway.doors.main.components import RelayPrompt, RelayResource, RelayTemplate, RelayTool
from gateway.model.route import Kind, Route
from tests.upstreams.raw.definitions import ARRAY_TOOL, PROMPTS, RESOURCES, TEMPLATES, TOOLS

RAN: list[tuple[str, dict[str, Any]]] = []


async def run(route: Route, params: dict[str, Any]) -> Any:
    RAN.append((route.original, params))
    return "answer"


def route(kind: Kind, definition: Any, key: str = "name") -> Route:
    public = f"raw_{definition[key]}" if key == "name" else definition[key].replace("://", "://raw/", 1)
    return Route(kind, "upstream", "raw", public, definition[key], {**definition, key: public})


def wire(component: Any) -> dict[str, Any]:
    return component.model_dump(by_alias=True, mode="json", exclude_none=True)


def test_a_tool_is_listed_as_its_upstream_defined_it() -> None:
    for definition in (*TOOLS, ARRAY_TOOL):
        tool = RelayTool.of(route("tool", definition), run)
        assert wire(tool.to_mcp_tool()) == {**definition, "name": f"raw_{definition['name']}"}


def test_other_components_are_listed_as_their_upstream_defined_them() -> None:
    for definition in RESOURCES:
        resource = route("resource", definition, "uri")
        assert wire(RelayResource.of(resource, run).to_mcp_resource()) == resource.definition
    for definition in TEMPLATES:
        template = route("template", definition, "uriTemplate")
        assert wire(RelayTemplate.of(template, run).to_mcp_template()) == template.definition
    for definition in PROMPTS:
        prompt = route("prompt", definition)
        assert wire(RelayPrompt.of(prompt, run).to_mcp_prompt()) == prompt.definition


def test_fastmcp_may_overlay_what_it_lists() -> None:
    tool = RelayTool.of(route("tool", TOOLS[0]), run)
    assert wire(tool.to_mcp_tool(title="Other"))["title"] == "Other"


def test_a_tool_for_a_legacy_client_lacks_what_that_cannot_read() -> None:
    assert "outputSchema" not in wire(RelayTool.of(route("tool", ARRAY_TOOL), run).for_legacy().to_mcp_tool())
    add = RelayTool.of(route("tool", TOOLS[1]), run)
    assert add.for_legacy() is add
    assert wire(add.for_legacy().to_mcp_tool())["outputSchema"] == TOOLS[1]["outputSchema"]


async def test_components_run_their_route_with_its_public_name() -> None:
    RAN.clear()
    tool, prompt = RelayTool.of(route("tool", TOOLS[0]), run), RelayPrompt.of(route("prompt", PROMPTS[0]), run)
    resource = RelayResource.of(route("resource", RESOURCES[0], "uri"), run)
    answers: list[Any] = [await tool.run({"text": "hello"}), await prompt.render(), await resource.read()]
    assert answers == ["answer"] * 3
    assert RAN == [
        ("echo", {"name": "raw_echo", "arguments": {"text": "hello"}}),
        ("greet", {"name": "raw_greet", "arguments": {}}),
        ("text://raw/notes", {"uri": "text://raw/raw/notes"}),
    ]


def test_a_template_matches_nothing_because_namespaces_lead_there() -> None:
    template = RelayTemplate.of(route("template", TEMPLATES[0], "uriTemplate"), run)
    assert template.matches("text://raw/raw/items/1") is None
