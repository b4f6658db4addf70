"""What counts as a data set, and how one is found."""

import os
from pathlib import Path

import pytest

from services.data import datasets
from services.data.datasets import available, find_datasets, match, pick
from services.workers.job import Refused

PATHS = Path(__file__).with_name("refused_paths.txt").read_text().splitlines()


def names(*roots: Path) -> list[str]:
    return [dataset.name for dataset in find_datasets([str(root) for root in roots])]


def write(*parts: str | Path) -> None:
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a\n1\n")


def test_every_format_is_found_in_all_folders(root: Path) -> None:
    for name in ("b.tsv", "sub/c.parquet", "sub/deeper/d.JSON", "e.ndjson", "f.jsonl", "notes.txt", "Makefile"):
        write(root, name)
    assert names(root) == ["b", "c", "d", "e", "f", "fruit"]


def test_hidden_files_and_folders_are_left_out(root: Path) -> None:
    write(root, ".secrets.json")
    write(root, ".git/index.csv")
    assert names(root) == ["fruit"]


def test_a_stem_that_several_files_share_gives_way_to_their_paths(root: Path) -> None:
    write(root, "eu/sales.csv")
    write(root, "us/sales.parquet")
    assert names(root) == ["eu/sales.csv", "fruit", "us/sales.parquet"]


def test_symlinks_count_only_within_their_root(root: Path, outside: Path) -> None:
    (root / "leak.csv").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    (root / "loop.csv").symlink_to(root / "loop.csv")
    write(root, "real.data")
    (root / "inside.csv").symlink_to(root / "real.data")
    assert names(root) == ["fruit", "inside"]


def test_only_regular_files_count(root: Path) -> None:
    os.mkfifo(root / "pipe.csv")
    (root / "folder.csv").mkdir()
    assert names(root) == ["fruit"]


def test_a_root_within_another_adds_nothing(root: Path) -> None:
    write(root, "sub/c.csv")
    assert names(root, root / "sub") == ["c", "fruit"]


def test_two_files_of_one_name_are_refused_by_name(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "other", "fruit.csv")
    with pytest.raises(Refused, match=r"Two data files are called 'fruit\.csv'"):
        names(root, tmp_path / "other")


def test_a_missing_root_is_named_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="data root 'nowhere' is not a folder") as refused:
        names(tmp_path / "nowhere")
    assert str(tmp_path) not in str(refused.value)


def test_too_many_files_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "MAX_DATASETS", 2)
    write(root, "b.csv")
    assert names(root) == ["b", "fruit"]
    write(root, "c.csv")
    with pytest.raises(Refused, match="more than 2 data files"):
        names(root)


@pytest.mark.parametrize("wanted", ["fruit", "FRUIT", "fruit.csv"])
def test_a_data_set_is_matched_by_name_or_path(root: Path, wanted: str) -> None:
    found = match(find_datasets([str(root)]), wanted)
    assert found is not None
    assert found.path == (root / "fruit.csv").resolve()


@pytest.mark.parametrize("wanted", PATHS)
def test_no_path_leads_out_of_the_roots(root: Path, outside: Path, wanted: str) -> None:
    path = wanted.format(root=root, outside=outside).encode().decode("unicode_escape")
    with pytest.raises(Refused) as refused:
        pick(find_datasets([str(root)]), path)
    assert str(refused.value) == "There is no such data set. Available data sets: fruit."


def test_long_lists_of_names_are_cut(root: Path) -> None:
    for number in range(40):
        write(root, f"n{number}.csv")
    assert available(find_datasets([str(root)])).endswith("and 11 more.")


def test_an_empty_root_says_what_to_add(tmp_path: Path) -> None:
    assert "add CSV" in available(find_datasets([str(tmp_path)]))
