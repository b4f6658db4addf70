"""What the operator decides about the data service."""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ByteSize, Field

from services.data.job import Limits

PAINTER_MEMORY = 512_000_000
SAMPLES = Path(__file__).parent / "samples"


class Settings(BaseModel, frozen=True, extra="forbid"):
    """What the data service may read and use."""

    roots: list[Path] = Field(
        default_factory=lambda: [SAMPLES],
        description="Folders whose CSV, TSV, Parquet, JSON and NDJSON files are the data sets. Default: the samples.",
    )
    timeout: float = Field(default=10, gt=0, le=600, description="Seconds that a call may take.")
    max_rows: int = Field(default=1_000, ge=1, description="Rows that a query returns at most.")
    max_bytes: ByteSize = Field(
        default=ByteSize(2**20), ge=1_024, description="Size of a result at most, as JSON: bytes, or like '1MiB'."
    )
    keep_rows: int = Field(
        default=20_000, ge=0, description="Rows kept of a larger result, to page through. 0 keeps none."
    )
    keep_bytes: ByteSize = Field(
        default=ByteSize(2**23), ge=0, description="Size at most of what is kept of one result: bytes, or like '8MiB'."
    )
    keep_seconds: float = Field(default=600, gt=0, description="Seconds for which a larger result is kept.")
    max_file_bytes: ByteSize = Field(
        default=ByteSize(2**30), ge=1, description="Size of the largest file that is read: bytes, or like '1GiB'."
    )
    memory_limit: ByteSize = Field(
        default=ByteSize(512_000_000),
        ge=64_000_000,
        description="Memory that one query may use: bytes, or like '512MB'. A single huge value may take twice that.",
    )
    workers: int = Field(default=2, ge=1, description="Calls that run at once, each in a process of its own.")

    def painter_limits(self) -> Limits:
        """What the worker that draws is told: it handles few rows, but V8, which draws, takes much at its start."""
        return replace(self.limits(), memory_limit=PAINTER_MEMORY)

    def limits(self) -> Limits:
        """What a worker is told."""
        return Limits(
            roots=tuple(str(root.absolute()) for root in self.roots),
            timeout=self.timeout,
            max_rows=self.max_rows,
            max_bytes=self.max_bytes,
            memory_limit=self.memory_limit,
            max_file_bytes=self.max_file_bytes,
            keep_rows=self.keep_rows,
            keep_bytes=self.keep_bytes,
        )
