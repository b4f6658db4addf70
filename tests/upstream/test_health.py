"""What is news about an upstream, and since when it is so."""

from gateway.upstream.health import Health

LONG_AGO = 1_000_000_000.0


def test_only_a_change_is_news_and_begins_a_time():
    health = Health("unknown", since=LONG_AGO)
    assert health.down("cannot be reached.")
    assert (health.state, health.reason) == ("down", "cannot be reached.")
    assert health.since > LONG_AGO
    assert health.up()
    assert (health.state, health.reason) == ("up", "")
    assert not health.up()


def test_the_reason_is_that_of_the_last_attempt_and_the_time_that_of_the_first():
    health = Health("down", "cannot be reached.", since=LONG_AGO)
    assert not health.down("did not answer.")
    assert (health.reason, health.since) == ("did not answer.", LONG_AGO)
    assert health.since_when == "2001-09-09T01:46:40+00:00"


def test_a_program_that_rests_has_no_reason_any_more():
    health = Health("down", "ended.")
    health.idle()
    assert (health.state, health.reason) == ("idle", "")
