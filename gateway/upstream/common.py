"""What the upstreams of one gateway have in common, so that a hundred of them are not a hundred of each."""

from gateway.ground.overdue import Overdue
from gateway.upstream.http_idle import Origins
from gateway.upstream.starts import Starts
from gateway.upstream.tasks import TaskIds


class Common:
    """Shared by all upstreams of a gateway, over its generations.

    Attributes:
        task_ids: what clients know their tasks by.
        starts: places for programs that start.
        origins: connections that wait for a request.
    """

    def __init__(self, task_ids: TaskIds | None = None):
        self.task_ids = task_ids or TaskIds()
        self.starts = Starts()
        self.origins = Origins()
        self._deadlines: dict[float, Overdue] = {}

    def deadline(self, seconds: float) -> Overdue:
        """What looks after the calls that have so long."""
        return self._deadlines.setdefault(seconds, Overdue(seconds))
