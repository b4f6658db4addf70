"""Tasks (SEP-2663): calls of the tool `job`, looked after by their ids."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.upstreams.raw.caller import Caller
from tests.upstreams.raw.definitions import NOTES, VENDOR
from tests.upstreams.raw.wire import INVALID_PARAMS, MISSING_CAPABILITY, Json, RpcError, TaskMade

EXTENSION = "io.modelcontextprotocol/tasks"
STARTED = "2026-07-28T10:00:00Z"
QUESTION = {
    "method": "elicitation/create",
    "params": {"mode": "form", "message": "Go on?", "requestedSchema": {"type": "object", "properties": {}}},
}
RESULT: Json = {
    "content": [
        {"type": "text", "text": "done"},
        {"type": "resource_link", "uri": NOTES, "name": "notes"},
    ],
    "_meta": {VENDOR: "result of a task", "io.modelcontextprotocol/serverInfo": {"name": "raw", "version": "1"}},
}
ERROR = {"code": -32099, "message": "too bad", "data": {"from": "raw"}}


class Tasks:
    """Every task, by id. Each is working when it is made; one look later it is what its call said that it ends as."""

    def __init__(self, announce: Callable[[str, Json], None]):
        self._announce = announce
        self._states: dict[str, Json] = {}
        self._ends: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Raises TaskMade, or RpcError for a client that knows no tasks."""
        _check(caller)
        id = f"task-{next(self._numbers)}"
        times = {"createdAt": STARTED, "lastUpdatedAt": STARTED}
        self._states[id] = {"taskId": id, "status": "working", **times, "ttlMs": None, "pollIntervalMs": 10}
        self._ends[id] = arguments["ends"]
        raise TaskMade(self._states[id])

    def get(self, caller: Caller, id: Any) -> Json:
        state = self._known(caller, id)
        match self._ends.pop(id, None):
            case "result":
                self._change(id, status="completed", result=RESULT)
            case "error":
                self._change(id, status="failed", error=ERROR)
            case "asks":
                self._change(id, status="input_required", inputRequests={"go": QUESTION})
        return state

    def update(self, caller: Caller, id: Any, answers: Json) -> Json:
        state = self._known(caller, id)
        if state["status"] == "input_required" and "go" in answers:
            state = {name: value for name, value in state.items() if name != "inputRequests"}
            said = {"content": [{"type": "text", "text": str(answers["go"]["action"])}]}
            self._states[id] = {**state, "status": "completed", "result": said}
            self._announce("notifications/tasks", self._states[id])
        return {}

    def cancel(self, caller: Caller, id: Any) -> Json:
        if self._known(caller, id)["status"] in ("working", "input_required"):
            self._ends.pop(id, None)
            self._change(id, status="cancelled")
        return {}

    def _known(self, caller: Caller, id: Any) -> Json:
        _check(caller)
        if id not in self._states:
            raise RpcError(INVALID_PARAMS, "Task not found")
        return self._states[id]

    def _change(self, id: str, **more: Any) -> None:
        self._states[id] = {**self._states[id], **more}
        self._announce("notifications/tasks", self._states[id])


def _check(caller: Caller) -> None:
    capabilities: Any = caller.about.get("capabilities") or {}
    if EXTENSION not in (capabilities.get("extensions") or {}):
        required = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
        raise RpcError(MISSING_CAPABILITY, "This needs a client that knows tasks", required)
