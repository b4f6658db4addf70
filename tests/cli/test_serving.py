"""What the verbs share: a gateway of the configuration, and upstreams in words."""

import logging
from pathlib import Path

import pytest

from gateway.cli import DEBUG
from gateway.cli.serving import age, gateway_from, state_of, tools, upstream_rows
from gateway.config.model import UpstreamConfig
from gateway.errors import ConfigurationError, UpstreamDown
from gateway.upstream.gate import Pass
from gateway.upstream.upstream import Upstream
from tests.cli.conftest import Verb
from tests.gateways.kit import configuration, written

FILE = """
[services.data]
[services.external]
enabled = false
[upstreams.docs]
url = "http://127.0.0.1:9/mcp"
"""


def test_everything_that_is_configured(tmp_path: Path):
    gateway, loaded = gateway_from(written(tmp_path, FILE))
    assert list(gateway.runtime.services) == ["data"]
    assert list(gateway.runtime.upstreams) == ["docs"]
    assert loaded.file == tmp_path / "gateway.toml"


@pytest.mark.parametrize("name", ["data", "external"])
def test_one_service_alone_even_one_that_is_off(tmp_path: Path, name: str):
    gateway, _ = gateway_from(written(tmp_path, FILE), name)
    assert list(gateway.runtime.services) == [name]
    assert gateway.runtime.upstreams == {}


def test_a_service_that_is_not_configured_is_told_with_those_that_are(tmp_path: Path):
    file = written(tmp_path, FILE)
    with pytest.raises(ConfigurationError) as refusal:
        gateway_from(file, "database")
    (fault,) = refusal.value.faults
    assert (fault.file, fault.key) == (str(file), "services.database")
    assert fault.cure == "The services are: data, external."


def test_a_verb_that_speaks_for_itself_has_no_log(verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path, configuration({}))
    quiet = verb("call", "own_crash")
    assert quiet.status == 1
    assert len(quiet.err.splitlines()) == 1
    monkeypatch.setenv(DEBUG, "1")
    logging.disable(logging.NOTSET)
    assert "the inside of a service" in verb("call", "own_crash").err


def upstream(folder: Path, **keys: object) -> Upstream:
    return Upstream("docs", UpstreamConfig.model_validate({"url": "http://127.0.0.1:9/mcp", **keys}), folder)


def words(found: Upstream) -> str:
    (row,) = upstream_rows({"docs": found})
    assert row["namespace"] == "docs"
    return state_of(row)


def test_an_upstream_that_was_not_asked_yet(tmp_path: Path):
    assert words(upstream(tmp_path)) == "not heard yet"


def test_an_upstream_that_is_off_says_why(tmp_path: Path):
    assert words(upstream(tmp_path, off_because="DOCS_KEY is not set")) == "off: DOCS_KEY is not set"
    assert words(upstream(tmp_path, enabled=False)) == "off: enabled = false"


def test_an_upstream_that_is_down_says_why(tmp_path: Path):
    found = upstream(tmp_path)
    found.failed(UpstreamDown("docs", "cannot be reached."), Pass(0))
    assert words(found) == "down: Upstream 'docs' cannot be reached."


def test_an_upstream_that_is_suspended_says_until_when(tmp_path: Path):
    found = upstream(tmp_path)
    for _ in range(5):
        found.failed(UpstreamDown("docs", "cannot be reached."), found.gate.enter())
    assert words(found) == (
        "down: Upstream 'docs' cannot be reached.; suspended after 5 failures in a row, and tried in 30 s"
    )


def test_an_age_has_a_unit_that_people_use():
    assert [age(seconds) for seconds in (1.4, 119, 120, 7_199, 7_200, 200_000)] == [
        "1 s", "119 s", "2 minutes", "119 minutes", "2 hours", "2 days",
    ]  # fmt: skip


def test_tools_are_counted_as_people_do():
    assert [tools(count) for count in (0, 1, 2)] == ["0 tools", "1 tool", "2 tools"]
