"""Every failure has a name, a code and a status, and says nothing that somebody sent."""

from collections.abc import Iterator

import pytest

from gateway import errors
from gateway.errors import (
    RETIRED,
    STANDARD_STATUS,
    UPSTREAM_CODES,
    ConfigurationError,
    Fault,
    Forbidden,
    GatewayError,
    UpstreamAnswered,
    UpstreamDown,
    UpstreamError,
    http_status,
)


def below(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from below(each)


KINDS = [kind for kind in below(GatewayError) if kind.__module__ == errors.__name__]
OF_OURS = [kind for kind in KINDS if kind.code not in STANDARD_STATUS]
RESERVED = range(-32768, -31999)
"""The codes that the protocol keeps for itself (JSON-RPC 2.0, section 5.1)."""


def test_each_kind_has_a_word_of_its_own():
    words = [kind.kind for kind in KINDS]
    assert len(set(words)) == len(words)


def test_each_code_of_ours_is_used_once_and_is_none_of_the_protocols():
    codes = [kind.code for kind in OF_OURS]
    assert len(set(codes)) == len(codes)
    assert not [code for code in codes if code in RESERVED]


@pytest.mark.parametrize("kind", OF_OURS, ids=lambda kind: kind.kind)
def test_a_code_of_ours_is_its_status_times_a_hundred_and_a_counter(kind: type[GatewayError]):
    assert 400 <= http_status(kind.code) == kind.code // 100 <= 599


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (-32700, 400),
        (-32601, 404),
        (-32602, 400),
        (-32603, 500),
        (-32050, 200),  # an upstream's own
        (1, 200),
        (39999, 200),
        (60000, 200),
    ],
)
def test_the_status_that_goes_with_a_code(code: int, status: int):
    assert http_status(code) == status


def test_every_error_of_an_upstream_is_known_as_one():
    of_upstreams = {kind.code for kind in below(UpstreamError)}
    assert of_upstreams == UPSTREAM_CODES
    assert not UPSTREAM_CODES & {kind.code for kind in KINDS if not issubclass(kind, UpstreamError)}


def test_an_error_has_its_word_in_its_data_and_what_is_known():
    refusal = Forbidden("The scope data:read is missing.", required_scopes=["data:read"], other=None)
    assert str(refusal) == refusal.message == "The scope data:read is missing."
    assert refusal.data == {"kind": "forbidden", "required_scopes": ["data:read"]}


def test_an_upstreams_error_names_it():
    down = UpstreamDown("docs", "cannot be reached.", since="2026-01-02T03:04:05+00:00")
    assert down.message == "Upstream 'docs' cannot be reached."
    assert down.reason == "cannot be reached."
    assert down.data == {"kind": "upstream_down", "upstream": "docs", "since": "2026-01-02T03:04:05+00:00"}


def test_what_an_upstream_answered_goes_on_as_it_came():
    answered = UpstreamAnswered(-32050, "Out of paper", {"tray": 2})
    assert (answered.code, answered.message, answered.data) == (-32050, "Out of paper", {"tray": 2})
    assert GatewayError.code == errors.INTERNAL_ERROR


def test_a_code_that_only_earlier_revisions_have_becomes_todays():
    for code, today in RETIRED.items():
        assert UpstreamAnswered(code, "Gone").code == today
        assert today not in RETIRED


def test_a_fault_is_a_line_and_its_cure():
    assert str(Fault("a.toml", "server.port", "is wrong", "mend it")) == "a.toml: server.port: is wrong\n    mend it"
    assert str(Fault("a.toml", "", "is not there")) == "a.toml: is not there"


def test_faults_are_told_together():
    error = ConfigurationError([Fault("a.toml", "a", "is wrong"), Fault("b.json", "b", "is wrong")])
    assert str(error) == "a.toml: a: is wrong\nb.json: b: is wrong"
    assert len(error.faults) == 2
