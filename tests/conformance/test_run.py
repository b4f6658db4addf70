"""The run's own decisions."""

from pathlib import Path

import pytest

from tests.conformance.left_out import LEFT_OUT
from tests.conformance.run import REVISIONS, chosen, stale
from tests.conformance.suite import Suite


def suite(folder: Path, *client: str) -> Suite:
    (folder / "requirements").mkdir()
    for revision in REVISIONS:
        (folder / "requirements" / f"{revision}.yaml").write_text(f"server: []\nclient: [{', '.join(client)}]\n")
    return Suite(folder)


def test_names_that_the_suite_has_may_be_left_out(tmp_path: Path):
    assert stale(suite(tmp_path, *{name.partition(":")[0] for name in LEFT_OUT})) == set()


def test_names_that_the_suite_lost_are_told(tmp_path: Path):
    lost = {name for name in LEFT_OUT if name.partition(":")[0] != "request-metadata"}
    assert stale(suite(tmp_path, "request-metadata")) == lost != set()


def test_everything_is_run_unless_less_is_chosen():
    everything, less = chosen([]), chosen(["--leg", "server", "--revision", "2026-07-28"])
    assert (tuple(everything.leg), tuple(everything.revision)) == (("server", "client"), REVISIONS)
    assert (less.leg, less.revision) == (["server"], ["2026-07-28"])


def test_an_unknown_revision_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        chosen(["--revision", "2024-11-05"])
    assert "2024-11-05" in capsys.readouterr().err
