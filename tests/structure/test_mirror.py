"""Every source file has its test file at the same place."""

from pathlib import Path

from tests.structure.tree import ROOT, sources

NO_BEHAVIOUR: dict[str, str] = {
    "gateway/doors/serving.py": "a protocol class: what every door's test is written against",
}
"""Source files without a test of their own, and why."""


def mirrored(path: Path) -> Path:
    """Where the test of a source file belongs: `gateway/a/b.py` has `tests/a/test_b.py`."""
    below = path.relative_to("gateway") if path.parts[0] == "gateway" else path
    return Path("tests", *below.parts[:-1], f"test_{below.name}")


def test_every_source_file_has_its_test_file():
    paths = [source.path for source in sources("gateway", "services") if source.path.name != "__init__.py"]
    owed = {path: mirrored(path) for path in paths if str(path) not in NO_BEHAVIOUR}
    missing = [f"{path} has no {test}" for path, test in owed.items() if not (ROOT / test).is_file()]
    assert not missing, "\n" + "\n".join(missing)


def test_the_exceptions_are_still_there():
    assert [path for path in NO_BEHAVIOUR if not (ROOT / path).is_file()] == []
