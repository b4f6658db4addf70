"""Request ids: each its own, and known to what runs within its request."""

from dirty_equals import IsStr

from gateway.observe.request_ids import bound_request_id, new_request_id, request_id


def test_a_request_id_is_bound_for_a_block():
    with bound_request_id() as outer:
        assert outer == request_id.get() == IsStr(regex=r"[0-9a-f]{16}")
        with bound_request_id() as inner:
            assert request_id.get() == inner != outer
    assert request_id.get() == ""


def test_each_is_another():
    assert len({new_request_id() for _ in range(1000)}) == 1000
