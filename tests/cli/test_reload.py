"""`gateway reload`: what a person is told of what became of the configuration."""

import json
from pathlib import Path

from tests.cli.command import gateway
from tests.cli.running import up
from tests.gateways.kit import configuration, written

NOBODY = "http://127.0.0.1:9/mcp"


def test_without_a_running_gateway_it_says_where_it_looked(tmp_path: Path):
    ran = gateway("reload", folder=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "no running gateway found" in ran.stderr
    assert "server.state_dir" in ran.stderr
    assert json.loads(gateway("reload", "--json", folder=tmp_path).stdout) == {"well": False, "gateways": []}


def test_it_says_what_changed_what_waits_and_every_fault(tmp_path: Path):
    written(tmp_path, configuration({}))
    with up(tmp_path, GATEWAY__UPSTREAMS__BY_ENVIRONMENT__URL=NOBODY):
        written(tmp_path, configuration({"raw": NOBODY}, "[server]\nport = 9999"))
        ran = gateway("reload", folder=tmp_path)
        # the file watch may have been first
        assert (ran.returncode, ran.stdout) in ((0, "upstream raw: added\n"), (0, "nothing changed\n"))
        assert ran.stderr == "server.port: restart to apply\n"
        written(tmp_path, "[server]\nprot = 1\n[upstreams.a]\nurl = 'nothing'\n")
        ran = gateway("reload", folder=tmp_path)
        assert (ran.returncode, ran.stdout) == (1, "")
        for part in ("the old configuration serves on", "server.prot: unknown key", "upstreams.a.url"):
            assert part in ran.stderr
        told = json.loads(gateway("reload", "--json", folder=tmp_path).stdout)
        assert told["well"] is False
        assert len(told["gateways"][0]["faults"]) == 2
        doctor = gateway("doctor", folder=tmp_path)
        assert doctor.returncode == 1
        assert "server.prot: unknown key" in doctor.stderr


def test_doctor_tells_of_a_running_gateway_that_could_not_apply_it(tmp_path: Path):
    written(tmp_path, configuration({}))
    with up(tmp_path):
        assert "serves it since" in gateway("doctor", folder=tmp_path).stdout
        written(tmp_path, configuration({}, "[upstreams.more]\nurl = '${env:ONLY_HERE}'"))
        assert gateway("reload", folder=tmp_path).returncode == 1
        ran = gateway("doctor", "--json", folder=tmp_path, ONLY_HERE=NOBODY)
    (finding,) = (each for each in json.loads(ran.stdout)["findings"] if each["what"] == "running gateway")
    assert finding["well"] is False
    assert "ONLY_HERE is not set" in finding["finding"]
