"""`gateway audit`: calls made by the command are found, and a touched file is told."""

from pathlib import Path

import pytest

from tests.cli.conftest import Verb
from tests.gateways.kit import configuration, written

AUDITED = "\n[audit]\nenabled = true\n"


@pytest.fixture
def folder(tmp_path: Path, verb: Verb) -> Path:
    """A folder in which two calls were made, of which one failed."""
    written(tmp_path, configuration({}, AUDITED))
    assert verb("call", "own_shout", "text=CANARY").status == 0
    assert verb("call", "own_crash", "text=CANARY").status == 1
    return tmp_path / "var" / "audit"


def test_calls_are_found_without_their_arguments(folder: Path, verb: Verb):
    said = verb("audit", "search")
    assert said.status == 0
    heading, first, second = said.out.splitlines()
    assert heading.split() == ["at", "outcome", "principal", "name", "era", "seconds", "error"]
    assert first.split()[1:4] == ["ok", "loopback", "own_shout"]
    assert second.split()[1:4] == ["tool_error", "loopback", "own_crash"]
    assert "CANARY" not in "".join(path.read_text() for path in folder.glob("*.jsonl"))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--outcome", "ok"), ["own_shout"]),
        (("--tool", "own_c*"), ["own_crash"]),
        (("--namespace", "data"), []),
        (("--principal", "loopback", "--limit", "1"), ["own_crash"]),
        (("--last", "1h"), ["own_shout", "own_crash"]),
        (("--until", "2020-01-01"), []),
        (("--since", "2020-01-01T00:00:00"), ["own_shout", "own_crash"]),
    ],
)
def test_calls_are_chosen(folder: Path, verb: Verb, words: tuple[str, ...], names: list[str]):
    assert [call["name"] for call in verb("audit", "search", "--json", *words).json] == names


def test_it_says_when_there_are_more(folder: Path, verb: Verb):
    assert verb("audit", "search", "--limit", "1").err == "\nThe newest 1 of 2 calls; --limit 0 prints all.\n"


def test_a_whole_audit_is_well(folder: Path, verb: Verb):
    said = verb("audit", "verify")
    assert (said.status, said.err) == (0, "")
    assert said.out.endswith("Every line is as it was written, and none is missing between the first and the last.\n")
    noted = verb("audit", "verify", "--json").json["files"][0]["end"]["hash"]
    assert noted in said.out
    assert verb("audit", "verify", "--holds", noted).status == 0


def test_a_touched_audit_is_not(folder: Path, verb: Verb):
    (path,) = folder.glob("*.jsonl")
    path.write_text(path.read_text().replace("tool_error", "ok"))
    said = verb("audit", "verify")
    assert said.status == 1
    assert said.err.startswith("error: 1-000000000001.jsonl, line 5: it was changed")
    assert verb("audit", "verify", "--json").json["well"] is False


def test_a_hash_that_is_not_there(folder: Path, verb: Verb):
    said = verb("audit", "verify", "--holds", "abc")
    assert said.status == 1
    assert "no line has the hash" in said.err


@pytest.mark.parametrize("word", ["search", "verify"])
def test_without_an_audit_it_says_how_to_have_one(tmp_path: Path, verb: Verb, word: str):
    written(tmp_path, configuration({}))
    said = verb("audit", word)
    assert said.status == 1
    assert said.err == (
        "error: there is no audit\n    it is written where [audit] has enabled = true, from the first call on\n"
    )
