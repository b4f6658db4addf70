"""A finished call for sinks to take."""

from gateway.model.event import CallEvent

OK = CallEvent(
    request_id="r",
    at=1_800_000_000.0,
    seconds=0.03,
    kind="tool",
    owner="upstream",
    namespace="github",
    name="github_search",
    subject="key:abcdefgh",
    proof="key",
    era="modern",
    outcome="ok",
)
