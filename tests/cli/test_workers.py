"""What a worker reads: what all began with, then what the files say; and one that is started again, what they serve."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli.workers import reading
from gateway.config.load import Loaded, load
from gateway.errors import ConfigurationError
from gateway.process.workers import Worker


def worker(*, again: bool) -> Worker:
    return Worker(number=2, count=2, again=again, gateway="ab", parent=0, told=0)


def loaded(tmp_path: Path, text: str) -> Loaded:
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    return load(file, {})


def test_a_first_worker_reads_what_its_parent_read_and_then_the_files(tmp_path: Path):
    began, later = loaded(tmp_path, "[services.data]"), loaded(tmp_path, "[services.external]")
    read = reading(began, lambda: later, worker(again=False))
    assert [read(), read(), read()] == [began, later, later]


def test_one_that_is_started_again_has_what_a_running_gateway_can_have_taken_over(tmp_path: Path):
    began = loaded(tmp_path, "[services.data]")
    later = loaded(tmp_path, "[services.external]\n[server]\npath = '/other'\ninstructions = 'new'")
    read = reading(began, lambda: later, worker(again=True))
    config = read().config
    assert (list(config.services), config.server.path, config.server.instructions) == (["external"], "/mcp", "new")
    assert read() == later


def test_one_that_cannot_read_the_files_serves_what_all_began_with(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    began = loaded(tmp_path, "[services.data]")

    def broken() -> Loaded:
        return loaded(tmp_path, "broken")

    read = reading(began, broken, worker(again=True))
    assert read() == replace(began)
    assert "configuration not read" in caplog.text
    with pytest.raises(ConfigurationError):
        read()
