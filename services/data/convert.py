"""Rows of a query as a file of another format."""

import os
import tempfile
from typing import BinaryIO

import duckdb
from duckdb import DuckDBPyConnection

from services.data.quoting import literal
from services.data.rows import CREATE_VIEW, VIEW
from services.workers.job import Refused

FORMATS = {
    "csv": "FORMAT csv, HEADER true",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json",
    "parquet": "FORMAT parquet",
}


def nameless_file() -> tuple[BinaryIO, str]:
    """A file without a name, which is gone with this process, and the path under which this process can open it."""
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # whoever calls closes it
    return file, f"/dev/fd/{file.fileno()}"


def convert(connection: DuckDBPyConnection, sql: str, to: str, path: str, max_bytes: int) -> bytes:
    """The rows of `sql`, one SELECT, in the format `to`, by way of the file at `path`, which the connection may write.

    A file of this process can't grow past `max_bytes`. Raises duckdb.Error, and Refused when it would have to.
    """
    connection.execute(CREATE_VIEW + sql)
    try:
        connection.execute(f"COPY (FROM {VIEW}) TO {literal(path)} ({FORMATS[to]}, USE_TMP_FILE false)")
    except (duckdb.IOException, duckdb.InvalidInputException, OSError) as error:
        if "File too large" not in str(error):
            raise
        raise Refused(
            f"The result is larger than the {max_bytes} bytes that a file may have here. Select fewer rows or columns."
        ) from None
    descriptor = int(path.rpartition("/")[2])
    return os.pread(descriptor, max_bytes, 0)
