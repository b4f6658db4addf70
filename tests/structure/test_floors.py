"""Imports only go down, none is hidden in a function, and none runs in a circle."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.structure.tree import ROOT, Source, imports, sources

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "ground"}),
    frozenset({"downstream"}),
    frozenset({"model"}),
    frozenset({"config"}),
    frozenset({"catalog", "client"}),  # the client talks to any MCP URL: it knows words and masks, and no gateway
    frozenset({"upstream"}),
    frozenset({"policy", "observe", "running"}),
    frozenset({"guard"}),
    frozenset({"doors"}),
    frozenset({"services", "mounts", "drain", "lifespans", "generation"}),
    frozenset({"runtime", "process"}),
    frozenset({"reload", "replicas"}),  # both act on the runtime: one on what files say, one on what others heard
    frozenset({"server"}),
    frozenset({"app"}),
    frozenset({"cli", "testing"}),  # a test kit uses the whole gateway, and nothing of the gateway uses it
    frozenset({"pytest_plugin"}),
)
"""The rooms of `gateway`, lowest first. A room imports itself and what lies below it, never its neighbour."""

LEVEL = {room: number for number, floor in enumerate(FLOORS) for room in floor}
LAZY = ("gateway.cli", "gateway.pytest_plugin")
"""The rooms that may import in functions: loading everything takes a second. Most verbs need little of it, and pytest
loads its plugins for every run, of tests that have nothing to do with the gateway too."""


def room(name: str) -> str:
    """The room of a dotted name below `gateway`."""
    return name.split(".")[1]


def upward(source: Source) -> list[str]:
    """What a file of `gateway` imports that does not lie below its room."""
    own = room(source.module)
    wanted = [name for name in imports(source) if name.startswith("gateway.")]
    return [name for name in wanted if room(name) != own and LEVEL[room(name)] >= LEVEL[own]]


DOORS = ("express", "legacy", "main", "workers")
"""Within `doors`: what two of them need stands beside them, and none goes through another."""


def of_another_door(source: Source) -> list[str]:
    """What a file of one door imports of another."""
    own = source.module.split(".")[2]
    return [
        name
        for name in imports(source)
        for door in DOORS
        if door != own and f"{name}.".startswith(f"gateway.doors.{door}.")
    ]


def of_gateway() -> list[Source]:
    return [source for source in sources("gateway") if source.module != "gateway"]


def test_every_room_has_its_floor():
    assert {room(source.module) for source in of_gateway()} <= LEVEL.keys()


def test_the_architecture_shows_each_floor_the_highest_first():
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [frozenset(re.findall(r"`(\w+)`", row)) for row in rows] == list(reversed(FLOORS))


@pytest.mark.parametrize("source", of_gateway(), ids=lambda source: source.module)
def test_imports_only_go_down(source: Source):
    assert upward(source) == []


@pytest.mark.parametrize(
    "source", sources(*(f"gateway/doors/{door}" for door in DOORS)), ids=lambda source: source.module
)
def test_no_door_goes_through_another(source: Source):
    assert of_another_door(source) == []


@pytest.mark.parametrize("source", sources("services"), ids=lambda source: source.module)
def test_services_know_nothing_of_the_gateway(source: Source):
    assert [name for name in imports(source) if name.split(".")[0] == "gateway"] == []


def hidden(source: Source) -> list[str]:
    """Where a file imports inside a function."""
    return [
        f"{source.path}:{node.lineno}"
        for function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_no_import_hides_in_a_function():
    found = [at for source in sources("gateway", "services") for at in hidden(source) if not may_be_lazy(source)]
    assert found == []


def may_be_lazy(source: Source) -> bool:
    return source.module in LAZY or source.module.startswith(f"{LAZY[0]}.")


def test_no_imports_run_in_a_circle():
    house = sources("gateway", "services")
    modules = {source.module for source in house}

    def module_of(name: str) -> str:
        return name if name in modules else name.rpartition(".")[0]

    graph = {source.module: {module_of(name) for name in imports(source)} & modules for source in house}
    try:
        TopologicalSorter({name: below - {name} for name, below in graph.items()}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def parsed(path: str, text: str) -> Source:
    return Source(Path(path), text, ast.parse(text))


def test_the_rules_find_what_breaks_them():
    assert upward(parsed("gateway/policy/a.py", "from gateway.observe.logs import get_logger")) != []
    assert upward(parsed("gateway/catalog/a.py", "def f():\n    import gateway.upstream.pool")) != []
    assert upward(parsed("gateway/catalog/a.py", "from gateway.errors import Fault")) == []
    assert of_another_door(parsed("gateway/doors/legacy/a.py", "from gateway.doors.express.door import Express")) != []
    assert of_another_door(parsed("gateway/doors/legacy/a.py", "from gateway.doors import reply, legacy")) == []
    assert hidden(parsed("gateway/guard.py", "class A:\n    def f(self):\n        import json")) == [
        "gateway/guard.py:3"
    ]
