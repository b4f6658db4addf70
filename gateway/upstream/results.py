"""The result in an upstream's answer, or its error raised."""

from typing import Any, Final

from gateway.errors import UpstreamAnswered, UpstreamBroken
from gateway.upstream.messages import Response

RESULT_TYPES: Final = frozenset({"complete", "input_required", "task"})
"""What a modern result may be (the last by SEP-2663); one without a type, as older servers give it, is complete."""


def modern_result(namespace: str, response: Response) -> dict[str, Any]:
    """The result in a modern answer, or its error raised.

    Raises:
        UpstreamBroken: it is of a type that we do not know, so it must not pass for one (2026-07-28 `basic/index`,
            ResultType).
    """
    result = result_of(response)
    kind = result.get("resultType", "complete")
    if type(kind) is not str or kind not in RESULT_TYPES:
        raise UpstreamBroken(namespace, "answered with a result of a type that is not known. Report it to its makers.")
    return result


def legacy_result(response: Response) -> dict[str, Any]:
    """The result in a legacy answer, or its error raised. Only the modern era has types of results: one that is named
    here means nothing."""
    result = result_of(response)
    result.pop("resultType", None)
    return result


def result_of(response: Response) -> dict[str, Any]:
    """The result in an answer, or its error raised."""
    if response.error is not None:
        text = response.error.get("message")
        raise UpstreamAnswered(
            response.error["code"], text if isinstance(text, str) else "", response.error.get("data")
        )
    return response.result or {}
