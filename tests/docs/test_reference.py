"""Nothing that a reader may look up is missing from the docs, and nothing there is gone from the code."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.cli import build_app
from gateway.cli.output import Exit
from gateway.cli.verbs import VERBS, Verb
from gateway.config import model
from gateway.errors import GatewayError
from gateway.observe.metrics import Metrics
from services.data.server import Settings as DataSettings
from services.database.settings import Settings as DatabaseSettings
from services.external.settings import ApiSettings
from services.external.settings import Settings as ExternalSettings
from tests.docs.blocks import ROOT, headings, rows, section

DOCS = ROOT / "docs"
CONFIGURATION: dict[str, tuple[type[BaseModel], ...]] = {
    "Keys at the top": (model.GatewayConfig,),
    "`[server]`": (model.ServerConfig,),
    "`[auth]`": (model.AuthConfig,),
    "`[auth.jwt.NAME]` and `[auth.oauth.token]`": (model.JWTConfig,),
    "`[auth.oauth]`": (model.OAuthConfig,),
    "`[log]`": (model.LogConfig,),
    "`[audit]`": (model.AuditConfig,),
    "`[replicas]`": (model.ReplicasConfig,),
    "`[services.NAME]`": (model.ServiceConfig,),
    "`[upstreams.NAME]`": (model.UpstreamConfig, model.UpstreamAuth),
}
SERVICES = {
    "data": DataSettings,
    "external": ExternalSettings,
    "APIs by their OpenAPI documents": ApiSettings,
    "database": DatabaseSettings,
}
PLACES = [
    *((DOCS / "configuration.md", heading, models) for heading, models in CONFIGURATION.items()),
    *((DOCS / "services.md", heading, (settings,)) for heading, settings in SERVICES.items()),
]
FOR_THE_LOADER = {"off_because", "in_files", "chaos"}


@pytest.mark.parametrize(("page", "heading", "models"), PLACES, ids=[place[1] for place in PLACES])
def test_every_key_is_there_with_its_default(page: Path, heading: str, models: tuple[type[BaseModel], ...]) -> None:
    fields = {name: field for each in models for name, field in each.model_fields.items()}
    told = {key.strip("`"): cells for key, cells in rows(section(page, heading)).items()}
    assert set(told) == set(fields) - FOR_THE_LOADER
    for name, cells in told.items():
        assert _is_default(cells[0], fields[name]), f"{page.name}, {name}: {cells[0]} is not the default"


def test_every_section_of_the_model_has_a_place() -> None:
    sections = {each for each in vars(model).values() if isinstance(each, type) and issubclass(each, BaseModel)}
    documented = {each for models in CONFIGURATION.values() for each in models}
    assert sections - {BaseModel, model.Section} == documented


def _is_default(cell: str, field: FieldInfo) -> bool:
    if cell == "required":
        return field.is_required()
    if not cell.startswith("`"):  # nothing, or words for what is no plain value
        return True
    default: Any = field.get_default(call_default_factory=True)
    plain = list(default) if isinstance(default, tuple) else str(default) if isinstance(default, Path) else default
    return tomllib.loads(f"value = {cell.strip('`')}")["value"] == plain


@pytest.mark.parametrize("verb", VERBS, ids=[verb.words for verb in VERBS])
def test_every_verb_is_there_with_its_options(verb: Verb) -> None:
    app = build_app()
    for word in verb.words.split():
        app = app[word]
    arguments = [set(each.names) for each in app.assemble_argument_collection() if each.show]
    told = [
        set(re.findall(r"`([^`]+)`", cell)) for cell in rows(section(DOCS / "commands.md", f"`gateway {verb.words}`"))
    ]
    assert all(any(names & each for each in told) for names in arguments), f"missing: {arguments} in {told}"
    assert all(any(names & each for names in arguments) for each in told), f"gone: {told} in {arguments}"


def test_no_verb_is_there_that_is_gone() -> None:
    told = {text.strip("`") for text in headings(DOCS / "commands.md")}
    assert told == {f"gateway {verb.words}" for verb in VERBS}


def test_every_exit_status_is_there() -> None:
    assert re.findall(r"^\| (\d) \|", (DOCS / "commands.md").read_text(), re.MULTILINE) == [
        str(int(each)) for each in Exit
    ]


def test_every_error_is_there_with_its_code() -> None:
    told = {kind.strip("`"): cells[0] for kind, cells in rows(section(DOCS / "operations.md", "Errors")).items()}
    assert told == {kind: str(code) for kind, code in _errors(GatewayError)} | {"upstream_error": "its own"}


def _errors(kind: type[GatewayError]) -> list[tuple[str, int]]:
    below = [found for each in kind.__subclasses__() for found in _errors(each)]
    return [(kind.kind, kind.code), *below]


def test_every_metric_is_there() -> None:
    metrics = Metrics()
    metrics.collect(lambda: {})
    metrics.collect_audit(lambda: {"lines": 0, "lost": 0, "why": ""})
    metrics.collect_replicas(lambda: {"state": "off", "said": 0, "heard": 0})
    exposed = set(re.findall(r"^# HELP (gateway_\w+)", metrics.render().decode(), re.MULTILINE))
    told = {name.strip("`") for name in rows(section(DOCS / "operations.md", "Metrics"))}
    assert told == {name for name in exposed if not name.endswith("_created")}
