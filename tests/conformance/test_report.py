"""What the reader is told."""

from inline_snapshot import snapshot

from tests.conformance.checks import Check, compare
from tests.conformance.report import MAX_WHY, left_out, table

PING = Check("ping", "one", "One", 0, "SUCCESS")
FAILED = Check("ping", "one", "One", 0, "FAILURE", "Failed:\n  Method not found")


def test_figures_faults_and_losses_are_told():
    assert table("server 2026-07-28", compare([PING], [FAILED], at_least=2), compare([PING], [PING])) == snapshot("""\

server 2026-07-28         alone   behind
  scenarios                   1        1
  checks run                  1        1
  checks passed               1        0
  not scored, passed          1        1
  FAILED: only 1 checks pass alone; 2 did when this was written
  FAILED: 1 checks pass alone and not behind the gateway
  lost behind the gateway:
    ping: one (One) failure. Failed: Method not found\
""")


def test_a_run_without_a_fault_is_figures_alone():
    assert "FAILED" not in table("client", compare([PING], [PING]), compare([], []))


def test_what_is_not_scored_is_told_and_fails_nothing():
    told = table("server", compare([], []), compare([PING], [FAILED]))
    assert "lost too, and not scored:\n    ping" in told
    assert "FAILED" not in told


def test_checks_of_one_scenario_that_are_lost_alike_share_a_line():
    alone = [PING, Check("ping", "two", "Two", 0, "SUCCESS")]
    behind = [Check("ping", "general", "General", 0, "FAILURE", "nobody was asked")]
    told = table("server", compare(alone, behind), compare([], []))
    assert told.endswith("\n    ping: one (One), two (Two) missing. nobody was asked")


def test_a_long_reason_is_cut():
    long = Check("ping", "one", "One", 0, "FAILURE", "no " * MAX_WHY)
    told = table("server", compare([PING], [long]), compare([], []))
    assert told.endswith("…")
    assert len(told.splitlines()[-1]) < 2 * MAX_WHY


def test_what_is_left_out_is_told_by_reason():
    told = left_out({"auth/one": "there is no OAuth client", "auth/two": "there is no OAuth client", "x": "of y"})
    assert told == snapshot("""\

not compared: auth/one, auth/two
  because there is no OAuth client
not compared: x
  because of y\
""")
