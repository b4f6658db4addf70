"""An outcome is well or has faults."""

from dirty_equals import IsNow

from gateway.reload.outcome import Outcome


def test_a_fault_is_all_that_makes_it_not_well():
    assert Outcome("a file changed", needs_restart=("server.port",)).well
    assert not Outcome("a file changed", faults=("no",)).well


def test_it_is_told_as_json_has_it():
    assert Outcome("SIGHUP", changed=("upstream raw: added",)).as_dict() == {
        "well": True,
        "because": "SIGHUP",
        "changed": ("upstream raw: added",),
        "needs_restart": (),
        "faults": (),
        "at": IsNow(unix_number=True),
    }
