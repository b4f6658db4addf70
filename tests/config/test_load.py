"""Configurations and what they come to, as pairs of files: `cases/<name>/` holds a gateway.toml, what it includes, its
environment in `env`, and either `expected.json` (what differs from the defaults) or `faults.txt`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.config.load import Loaded, load
from gateway.errors import ConfigurationError

CASES = Path(__file__).parent / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())


def environment(folder: Path) -> dict[str, str]:
    """The variables of a case: nothing of the machine's own environment counts."""
    file = folder / "env"
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines)


def told(loaded: Loaded) -> dict[str, Any]:
    """What a configuration says beyond the defaults, secrets in clear, the case's folder as FOLDER."""
    told: dict[str, Any] = {"config": clear(loaded.config.model_dump(exclude_defaults=True), loaded.folder)}
    off = {name: each.off_because for name, each in loaded.config.upstreams.items() if each.off_because}
    return told | ({"off": off} if off else {}) | ({"notes": list(loaded.notes)} if loaded.notes else {})


def clear(value: Any, folder: Path) -> Any:
    if isinstance(value, SecretStr):
        return clear(value.get_secret_value(), folder)
    if isinstance(value, dict):
        return {key: clear(inner, folder) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clear(inner, folder) for inner in value]
    return str(value).replace(str(folder), "FOLDER") if isinstance(value, str | Path) else value


@pytest.mark.parametrize("name", [name for name in NAMES if (CASES / name / "expected.json").exists()])
def test_a_configuration_comes_to(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(CASES / name)
    loaded = load(Path("gateway.toml"), environment(CASES / name))
    assert told(loaded) == json.loads(Path("expected.json").read_text())


@pytest.mark.parametrize("name", [name for name in NAMES if (CASES / name / "faults.txt").exists()])
def test_a_broken_configuration_is_refused_with_every_fault(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(CASES / name)
    with pytest.raises(ConfigurationError) as refused:
        load(Path("gateway.toml"), environment(CASES / name))
    assert f"{refused.value}\n" == Path("faults.txt").read_text()
    assert "CANARY" not in f"{refused.value}"


def test_there_are_enough_cases():
    assert len(NAMES) >= 30


def test_without_a_file_the_three_services_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    loaded = load(environ={})
    assert (loaded.file, loaded.folder) == (None, tmp_path)
    assert list(loaded.config.services) == ["data", "external", "database"]
    assert loaded.config.upstreams == {}
    assert loaded.state_dir == tmp_path / "var"


def test_a_file_is_found_by_name_then_by_variable_then_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("gateway", "named", "by-variable"):
        (tmp_path / f"{name}.toml").write_text(f'server.name = "{name}"\n')
    monkeypatch.chdir(tmp_path)
    by_variable = {"GATEWAY_CONFIG": "by-variable.toml"}
    assert load(environ={}).config.server.name == "gateway"
    assert load(environ=by_variable).config.server.name == "by-variable"
    assert load(Path("named.toml"), by_variable).config.server.name == "named"


def test_a_named_file_that_is_not_there_is_a_fault(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="is not there") as refused:
        load(environ={"GATEWAY_CONFIG": str(tmp_path / "gone.toml")})
    assert refused.value.faults[0].file == str(tmp_path / "gone.toml")


def test_each_upstream_is_known_with_its_file(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text('include = ["mcp.json"]\nupstreams.own.url = "https://example.com/mcp"\n')
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"theirs": {"command": "npx"}}}')
    loaded = load(tmp_path / "gateway.toml", {})
    assert loaded.origins == {"own": str(tmp_path / "gateway.toml"), "theirs": "mcp.json"}
    assert loaded.folder == tmp_path


class TestShippedFile:
    """The gateway.toml at the root of the repository."""

    FILE = Path(__file__).parents[2] / "gateway.toml"

    def test_the_hosted_upstream_waits_for_its_key(self):
        assert load(self.FILE, {}).config.upstreams["hosted"].off_because == "MCP_API_KEY is not set"
        assert load(self.FILE, {"MCP_API_KEY": "abc"}).config.upstreams["hosted"].is_on

    def test_its_commented_examples_hold(self, tmp_path: Path):
        text = re.sub(r"^# (?=\[|\w+ = )", "", self.FILE.read_text(), flags=re.MULTILINE)
        (tmp_path / "gateway.toml").write_text(text.replace("~/.cursor/mcp.json", "mcp.json"))
        (tmp_path / "mcp.json").write_text('{"mcpServers": {}}')
        loaded = load(tmp_path / "gateway.toml", {})
        assert list(loaded.config.upstreams) == ["hosted", "everything"]
        assert loaded.config.server.public_url == "https://mcp.example.com"
