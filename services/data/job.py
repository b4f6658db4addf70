"""What passes between the data service and its worker processes, beside what all services' workers have."""

from dataclasses import dataclass

from services.workers import job

WORKER = "services.data.worker"
PAINTER = "services.data.chart_worker"

# The table that rows passed in become.
ROWS = "rows"


@dataclass(frozen=True)
class Limits(job.Limits):
    """What one worker may read and use, for as long as it lives.

    `roots` are absolute folders. `max_file_bytes` is the size of the largest file that is read. Of a result over
    `max_rows` or `max_bytes`, `keep_rows` and `keep_bytes` say how much is kept to page through.
    """

    roots: tuple[str, ...]
    max_rows: int
    max_file_bytes: int
    keep_rows: int
    keep_bytes: int
