"""What several upstreams share."""

from gateway.upstream.common import Common
from gateway.upstream.tasks import TaskIds


def test_calls_that_have_as_long_are_looked_after_together():
    common = Common()
    assert common.deadline(60.0) is common.deadline(60.0)
    assert [common.deadline(seconds).seconds for seconds in (60.0, 0.5)] == [60.0, 0.5]


def test_gateways_share_nothing():
    one, other = Common(), Common()
    assert one.deadline(60.0) is not other.deadline(60.0)
    origin = ("http", "a.example", 80)
    assert one.origins.idle(origin) is one.origins.idle(origin)
    assert one.origins.idle(origin) is not other.origins.idle(origin)


def test_task_ids_may_be_given():
    ids = TaskIds()
    assert Common(ids).task_ids is ids
