"""The data sets: files under the configured roots, found by walking and never by a path that a caller sent."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from services.workers.job import Refused

READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".parquet": "read_parquet",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
# DuckDB reads these with an extension that it would have to fetch from the network, which it may not.
EXCEL = frozenset({".xls", ".xlsb", ".xlsm", ".xlsx"})
MAX_DATASETS = 1_000
NAMES_IN_ERROR = 30


@dataclass(frozen=True)
class Dataset:
    """One file. `name` is its stem, or `relative` where several share a stem; `path` has no symlink left in it."""

    name: str
    relative: str
    path: Path

    @property
    def reader(self) -> str:
        """The DuckDB table function that reads this format."""
        return READERS[_suffix(self.relative)]


def find_datasets(roots: Sequence[str]) -> list[Dataset]:
    """All data sets under `roots`, by name. Hidden files and whatever a symlink leads to outside its root are left out.

    Raises Refused when a root is missing, when there are too many files, or when two of them can't be told apart.
    """
    found = (each for root in roots for each in _files_under(Path(root)))
    files = dict(islice(found, MAX_DATASETS + 1))
    if len(files) > MAX_DATASETS:
        raise Refused(f"The roots hold more than {MAX_DATASETS} data files. Configure narrower roots.")
    stems = Counter(Path(relative).stem.casefold() for relative in files.values())
    datasets = [Dataset(_name(relative, stems), relative, path) for path, relative in files.items()]
    _refuse_twins(datasets)
    return sorted(datasets, key=lambda dataset: dataset.name)


def match(datasets: Sequence[Dataset], wanted: str) -> Dataset | None:
    """The data set whose name (in any case) or path under its root equals `wanted`.

    The caller's text is only compared, never opened, so no path that it could hold leads anywhere.
    """
    folded = wanted.casefold()
    return next((each for each in datasets if each.name.casefold() == folded or each.relative == wanted), None)


def pick(datasets: Sequence[Dataset], wanted: str) -> Dataset:
    """Like `match`, but raises Refused, with the names that there are."""
    dataset = match(datasets, wanted)
    if dataset is None:
        raise Refused(f"There is no such data set. {unknown(datasets, wanted)}")
    return dataset


def unknown(datasets: Sequence[Dataset], wanted: str) -> str:
    """What to do about a name that is no data set's."""
    if _suffix(wanted) in EXCEL:
        return "Excel files can't be read here. Have the sheet saved as CSV or Parquet, and ask for that."
    return available(datasets)


def available(datasets: Sequence[Dataset]) -> str:
    """A sentence that names the data sets, for errors and cures."""
    if not datasets:
        return "The roots hold no data files: add CSV, TSV, Parquet, JSON or NDJSON files."
    names = ", ".join(dataset.name for dataset in datasets[:NAMES_IN_ERROR])
    more = f" and {len(datasets) - NAMES_IN_ERROR} more" if len(datasets) > NAMES_IN_ERROR else ""
    return f"Available data sets: {names}{more}."


def _files_under(root: Path) -> Iterator[tuple[Path, str]]:
    if not root.is_dir():
        raise Refused(
            f"The data root '{root.name}' is not a folder. Create it, or correct `roots` in the configuration."
        )
    real_root = root.resolve()
    for folder, folders, names in os.walk(real_root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or _suffix(name) not in READERS:
                continue
            real = Path(os.path.realpath(path))  # unlike resolve(), it doesn't raise on a loop of links
            if real.is_relative_to(real_root) and real.is_file():
                yield real, path.relative_to(real_root).as_posix()


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _name(relative: str, stems: Counter[str]) -> str:
    stem = Path(relative).stem
    return stem if stems[stem.casefold()] == 1 else relative


def _refuse_twins(datasets: Sequence[Dataset]) -> None:
    for name, count in Counter(dataset.name.casefold() for dataset in datasets).items():
        if count > 1:
            raise Refused(f"Two data files are called '{name}' (letter case does not count). Rename one of them.")
