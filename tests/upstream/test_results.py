"""The result in an upstream's answer, or its error raised."""

import pytest

from gateway.errors import UpstreamAnswered, UpstreamBroken
from gateway.upstream.messages import Response
from gateway.upstream.results import legacy_result, modern_result, result_of


def test_a_result_is_given_and_an_error_is_raised():
    assert result_of(Response(1, {"a": 1}, None)) == {"a": 1}
    with pytest.raises(UpstreamAnswered) as failure:
        result_of(Response(1, None, {"code": -5, "message": 7, "data": [1]}))
    assert (failure.value.code, failure.value.message, failure.value.data) == (-5, "", [1])


def test_a_legacy_result_has_no_type():
    assert legacy_result(Response(1, {"a": 1, "resultType": "input_required"}, None)) == {"a": 1}


@pytest.mark.parametrize("told", [{}, *({"resultType": each} for each in ("complete", "input_required", "task"))])
def test_a_modern_result_is_of_a_type_that_is_known(told):
    assert modern_result("docs", Response(1, told, None)) == told


@pytest.mark.parametrize("told", ["later", ["task"], {}, 1])
def test_one_of_another_type_must_not_pass_for_it(told):
    with pytest.raises(UpstreamBroken, match="a type that is not known"):
        modern_result("docs", Response(1, {"resultType": told}, None))
