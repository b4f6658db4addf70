"""`gateway doctor`: connects to everything, says how it does, and tells it in the exit status."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Said, Verb
from tests.gateways.kit import configuration, written
from tests.replicas.valkey import valkey
from tests.upstreams.kit import Running

FREE = "\n[server]\nport = 0"


def finding(said: Said, what: str) -> dict[str, Any]:
    return next(each for each in said.json["findings"] if each["what"] == what)


def test_all_is_well(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}, FREE))
    said = verb("doctor")
    assert said.status == 0
    assert said.out.endswith("All is well.\n")
    assert said.err == ""


def test_each_thing_has_its_finding(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}, FREE))
    said = verb("doctor", "--json")
    assert said.json["well"] is True
    assert all(each["well"] for each in said.json["findings"])
    assert finding(said, "configuration")["finding"] == "gateway.toml"
    assert finding(said, "state folder")["finding"] == str(tmp_path / "var")
    assert finding(said, "service own")["finding"] == "3 tools"
    assert finding(said, "upstream raw")["finding"].startswith("up: ")
    assert finding(said, "authentication")["finding"] == "none: loopback only"


def test_the_link_to_replicas_is_tried(tmp_path: Path, verb: Verb):
    with valkey() as server:
        written(tmp_path, configuration({}, f'[replicas]\nurl = "{server.url}"\n{FREE}'))
        assert finding(verb("doctor", "--json"), "replicas") == {
            "what": "replicas",
            "well": True,
            "finding": "can be heard",
        }
        server.die()
        said = verb("doctor", "--json")
        assert said.status == 1
        assert finding(said, "replicas")["finding"].startswith("cannot be heard: ConnectionError")


def test_an_upstream_that_is_down_is_named_with_the_reason(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"dead": "http://127.0.0.1:9/mcp", "raw": raw_modern}, FREE))
    said = verb("doctor")
    assert said.status == 3
    (line,) = (line for line in said.out.splitlines() if "upstream dead" in line)
    assert line.startswith("NOT")
    assert "cannot be reached (Connection refused)" in line
    assert said.err == "\nNot well: upstream dead.\n"


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        ('command = "no-such-program"', ["cannot be started", "command"]),
        ('command = "sh"\nargs = ["-c", "exit 7"]', ["exit status 7"]),
    ],
)
def test_a_program_that_cannot_be_used(tmp_path: Path, verb: Verb, table: str, parts: list[str]):
    written(tmp_path, configuration({}, f"[upstreams.tool]\n{table}\n{FREE}"))
    said = verb("doctor", "--json")
    assert said.status == 3
    for part in parts:
        assert part in finding(said, "upstream tool")["finding"]


def test_an_upstream_that_answers_a_web_page(tmp_path: Path, verb: Verb, raw_modern: Running):
    raw_modern.control(fault="html")
    written(tmp_path, configuration({"raw": raw_modern}, FREE))
    said = verb("doctor", "--json")
    assert said.status == 3
    assert finding(said, "upstream raw")["finding"].startswith("down: Upstream 'raw' ")


def test_an_upstream_waits_for_its_key(tmp_path: Path, verb: Verb):
    text = Path(__file__).parents[2].joinpath("gateway.toml").read_text().replace("port = 8000", "port = 0")
    written(tmp_path, text)
    said = verb("doctor")
    assert said.status == 0
    assert "off: MCP_API_KEY is not set" in said.out


def test_an_address_that_cannot_be_had(tmp_path: Path, verb: Verb):
    written(tmp_path, configuration({}, '[server]\nhost = "192.0.2.1"'))
    said = verb("doctor", "--json")
    assert said.status == 1
    assert "is no address of this machine" in finding(said, "address")["finding"]


def test_an_address_that_must_not_be_had(tmp_path: Path, verb: Verb):
    written(tmp_path, configuration({}, '[server]\nhost = "0.0.0.0"\nport = 0'))
    said = verb("doctor", "--json")
    assert said.status == 1
    assert "gateway keys create" in finding(said, "address")["finding"]


def test_a_port_in_use_is_no_fault_as_it_may_be_ours(tmp_path: Path, verb: Verb):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        written(tmp_path, configuration({}, f"[server]\nport = {port}"))
        said = verb("doctor", "--json")
    assert said.status == 0
    assert finding(said, "address")["finding"] == f"port {port} is taken: perhaps the gateway is running"


def test_a_state_folder_that_cannot_be_one(tmp_path: Path, verb: Verb):
    (tmp_path / "taken").write_text("a file")
    written(tmp_path, configuration({}, '[server]\nport = 0\nstate_dir = "taken/var"'))
    said = verb("doctor")
    assert (said.status, said.out) == (1, "")
    assert "taken/var" in said.err
