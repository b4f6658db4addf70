"""What generated requests found once, shrunk: each was answered differently by the two doors, or not at all."""

import json
from typing import Any

from tests.doors_agree.exchange import Sent
from tests.doors_agree.targets import legacy_headers, modern_headers
from tests.upstreams.messages import modern_meta

QUESTION = {"method": "elicitation/create", "params": {"message": "x", "requestedSchema": {"type": "object"}}}


def call(tool: str, arguments: Any, key: str = "<all>") -> Sent:
    params = {"name": tool, "arguments": arguments, "_meta": modern_meta()}
    return Sent(modern_headers("tools/call", params, key), _body(params))


def verbatim(tool: str, **result: Any) -> Sent:
    """A call whose upstream answers just that."""
    return call(tool, {"result": result})


def legacy_verbatim(tool: str, **result: Any) -> Sent:
    return Sent(legacy_headers(), _body({"name": tool, "arguments": {"result": result}}))


def _body(params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()


def _levels(count: int) -> Any:
    return json.loads("[" * count + "]" * count)


FOUND = {
    "more levels than can go on": call("modern_given", {"deep": _levels(300)}),
    "the same, from one who may not call it": call("modern_error", {"deep": _levels(300)}, "<few>"),
    "the same, to an upstream over stdio": call("pipe_given", {"deep": _levels(300)}),
    "a failure in words": verbatim("modern_verbatim", content=[], isError="yes"),
    "a success in words": verbatim("modern_verbatim", content=[], isError="no"),
    "a legacy result of a type": verbatim("session-json_verbatim", content=[], resultType=None),
    "a question of a legacy upstream's result": verbatim(
        "session_verbatim", resultType="input_required", inputRequests={"a": QUESTION}, content=[]
    ),
    "a question to a client that cannot be asked": legacy_verbatim(
        "modern-json_verbatim", resultType="input_required", inputRequests={"a": QUESTION}
    ),
}
