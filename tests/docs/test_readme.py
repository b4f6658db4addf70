"""Every command block of the README and the docs does what it shows, and every other block is good."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from gateway.cli import run as gateway
from gateway.config.load import load
from gateway.policy.authenticate import auth_faults
from tests.docs.blocks import ROOT, Block, blocks
from tests.docs.site import standing_in
from tests.docs.transcript import Step, run, run_until_ready, steps

# What is not run here, by how it begins, and why.
NOT_RUN = {
    "make test": "it runs these very tests; that the Makefile has it is checked below",
    "claude ": "it is another vendor's program; the URL and the header are checked below",
}
SERVERS = {"make up": "exec gateway up", "gateway chaos ": "exec gateway chaos "}
"""How commands begin that serve until stopped, and what is run instead: `make up` would install everything first."""

WRONG_ON_PURPOSE = "bad.toml"
"""The title of blocks that show what is said of their faults."""

ONE_STORY = ROOT / "docs" / "tutorial.md"
"""The page whose blocks go on from one another: `test_tutorial.py` runs them."""

CONSOLE = [(block, step) for block in blocks("console") for step in steps(block.text)]


@pytest.mark.timeout(180)  # up to eight programs in a block, each of which imports FastMCP
@pytest.mark.parametrize("block", [block for block in blocks("console") if block.page != ONE_STORY], ids=str)
async def test_shows_what_its_commands_print(block: Block, tmp_path: Path) -> None:
    block.lay_out(tmp_path)
    async with standing_in() as site:
        site.lay_out(tmp_path)
        for step in steps(block.text):
            if step.command.startswith(tuple(NOT_RUN)):
                continue
            serving = _serving(step.command)
            ran = run_until_ready(serving, tmp_path) if serving else run(site.inside(step.command), tmp_path)
            printed, status = await ran
            printed = site.outside(printed)
            assert step.matches(printed), f"{block}: $ {step.command}\n{printed}"
            assert status == step.status, f"{block}: $ {step.command}"


def _serving(command: str) -> str:
    """What to run for a command that serves; empty for any other."""
    return next((command.replace(*each) for each in SERVERS.items() if command.startswith(each[0])), "")


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {block.language for block in blocks()} == {"console", "json", "toml", "python"}
    assert all(steps(block.text) for block in blocks("console"))


def test_make_has_what_the_readme_says_of_it() -> None:
    recipes = dict(re.findall(r"^(\w+): \$\(INSTALLED\)\n\t@?(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert recipes["up"] == "$(BIN)/gateway up"
    assert recipes["test"] == "$(BIN)/pytest -n auto"


@pytest.mark.parametrize("step", [step for _, step in CONSOLE if step.command.startswith("claude ")])
def test_clients_are_given_the_endpoint(step: Step) -> None:
    shape = (
        r'claude mcp add --transport http gateway https?://\S+/mcp( --header "Authorization: Bearer \$GATEWAY_KEY")?'
    )
    assert re.fullmatch(shape, step.command)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_parses(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", [block for block in blocks("toml") if block.title != WRONG_ON_PURPOSE], ids=str)
def test_toml_is_a_good_configuration(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block.lay_out(tmp_path)
    (tmp_path / "gateway.toml").write_text(block.text)
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    for name in re.findall(r"\$\{env:(\w+)", block.text):
        monkeypatch.setenv(name, "given")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert gateway(["check"]) == 0
    assert list(auth_faults(load().config)) == []


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block.lay_out(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, _ in block.files:
        monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)  # another page may have a file of this name
    exec(compile(block.text, str(block), "exec"), {})
