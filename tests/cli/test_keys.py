"""`gateway keys`, as it is typed: the key on stdout and nothing else there, the store beside the configuration."""

import json
import re
from pathlib import Path

import pytest
from cyclopts import App, CycloptsError

from gateway.cli import keys
from gateway.cli.output import Exit
from gateway.errors import ConfigurationError
from gateway.policy.keys import KeyStore

app = App(exit_on_error=False, print_error=False, result_action="return_value")
app.command(keys.create, name="create")
app.command(keys.list_keys, name="list")
app.command(keys.revoke, name="revoke")


@pytest.fixture
def state_dir(tmp_path, monkeypatch) -> Path:
    """The state directory of a configuration that is where the command runs."""
    (tmp_path / "gateway.toml").write_text('[server]\nstate_dir = "state"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    monkeypatch.delenv("GATEWAY_KEY_PEPPER", raising=False)
    return tmp_path / "state"


def test_a_new_key_is_all_there_is_on_stdout_and_it_works(state_dir, capsys):
    assert app("create ci --scope data:read --scope github:*") == Exit.WELL
    out, err = capsys.readouterr()
    principal = KeyStore(state_dir).verify(out.strip())
    assert principal is not None
    assert principal.scopes == {"data:read", "github:*"}
    assert out.strip() not in err
    assert "may: data:read, github:*" in err


def test_the_first_key_says_that_a_running_gateway_needs_a_restart(state_dir, capsys):
    app("create first --scope *")
    assert "started again" in capsys.readouterr().err
    app("create second --scope *")
    assert "started again" not in capsys.readouterr().err


def test_json_holds_the_record_and_this_once_the_key(state_dir, capsys):
    app("create ci --scope * --expires-in 30d --json")
    made = json.loads(capsys.readouterr().out)
    assert KeyStore(state_dir).verify(made["key"]) is not None
    app("list --json")
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert listed["state"].startswith("valid until ")


def test_the_list_says_how_each_key_stands(state_dir, capsys):
    app("create valid --scope data:read --scope *:write")
    app("create ended --scope *")
    record = KeyStore(state_dir).list()[1]
    assert app(["revoke", record.id]) == Exit.WELL
    capsys.readouterr()
    app("list")
    out = capsys.readouterr().out
    assert re.search(r"valid +data:read \*:write +\d{4}-\d\d-\d\d +valid$", out, re.MULTILINE)
    assert re.search(rf"{record.id} +ended .* revoked \d{{4}}-\d\d-\d\d$", out, re.MULTILINE)
    assert "gw_" not in out


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("create ci --scope data", "data:read"),
        ("create ci --scope data:execute", "namespace:read"),
        ("create ci --scope * --expires-in 0s", "future"),
        ("create ci --scope * --expires-in 9000y", "out of range"),
        (["create", "", "--scope", "*"], "1 to 64"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_the_cure(state_dir, capsys, words, cure):
    assert app(words) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert cure in err
    assert not state_dir.exists()


def test_a_key_needs_a_scope(state_dir):
    with pytest.raises(CycloptsError, match="--scope"):
        app("create ci")


def test_revoking_what_is_not_there_says_where_to_look(state_dir, capsys):
    assert app("revoke aaaaaaaa") == Exit.FAILED
    assert "gateway keys list" in capsys.readouterr().err


def test_a_damaged_file_is_told_and_left_alone(state_dir):
    state_dir.mkdir()
    (state_dir / "keys.json").write_text("{")
    for words in ("create ci --scope *", "list", "revoke aaaaaaaa"):
        with pytest.raises(ConfigurationError, match="backup"):
            app(words)
    assert (state_dir / "keys.json").read_text() == "{"


def test_the_pepper_can_come_from_the_environment(state_dir, capsys, monkeypatch):
    monkeypatch.setenv("GATEWAY_KEY_PEPPER", "0123456789abcdef0123456789abcdef")
    app("create ci --scope *")
    assert not (state_dir / "pepper").exists()
