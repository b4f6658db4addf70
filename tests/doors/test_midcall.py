"""From which level on a client is told of log messages. What else is told and asked, `main` and `legacy` test."""

from gateway.doors.midcall import DEFAULT_LOG_LEVEL, MAX_LEVELS, LogLevels


def test_levels_are_kept_by_session_and_the_oldest_forgotten() -> None:
    levels = LogLevels()
    assert levels.get("nobody") == DEFAULT_LOG_LEVEL
    for number in range(MAX_LEVELS):
        levels.set(f"session {number}", "error")
    levels.set("session 0", "debug")
    levels.set("one more", "alert")
    assert [levels.get(name) for name in ("session 0", "session 1", "session 2", "one more")] == [
        "debug",
        DEFAULT_LOG_LEVEL,
        "error",
        "alert",
    ]
