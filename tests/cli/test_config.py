"""`gateway config`."""

import json
import tomllib
from pathlib import Path

from tests.cli.command import gateway


def test_show_prints_what_is_in_force_without_secrets(tmp_path: Path):
    (tmp_path / "gateway.toml").write_text('upstreams.a = { url = "https://example.com", auth.bearer = "CANARY" }\n')
    ran = gateway("config", "show", folder=tmp_path, GATEWAY__SERVER__PORT="9000")
    shown = tomllib.loads(ran.stdout)
    assert shown["server"]["port"] == 9000
    assert shown["upstreams"]["a"]["auth"]["bearer"] == "****"
    assert json.loads(gateway("config", "show", "--json", folder=tmp_path).stdout)["server"]["port"] == 8000


def test_schema_prints_the_json_schema(tmp_path: Path):
    assert "upstreams" in json.loads(gateway("config", "schema", folder=tmp_path).stdout)["properties"]
