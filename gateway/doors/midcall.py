"""What goes between an upstream and a client while a call runs: what is told, from which level on, what is asked."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import mcp_types as types
from pydantic import BaseModel, ValidationError

from gateway.upstream.session import VISITED

DEFAULT_LOG_LEVEL = "info"
MAX_LEVELS = 1000

# What a legacy upstream may ask of a legacy client in mid-call, and how the SDK types it.
ASKABLE: Mapping[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "elicitation/create": (types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": (types.ListRootsRequest, types.ListRootsResult),
}


class LogLevels:
    """The log level that each legacy session last set; the oldest are forgotten past a bound."""

    def __init__(self) -> None:
        self._levels: OrderedDict[str, str] = OrderedDict()

    def set(self, session_id: str, level: str) -> None:
        self._levels[session_id] = level
        self._levels.move_to_end(session_id)
        if len(self._levels) > MAX_LEVELS:
            self._levels.popitem(last=False)

    def get(self, session_id: str) -> str:
        return self._levels.get(session_id, DEFAULT_LOG_LEVEL)


def notification(
    method: str, params: Mapping[str, Any], token: Any
) -> types.ProgressNotification | types.LoggingMessageNotification | types.ElicitCompleteNotification | None:
    """What an upstream tells of a call, for a client that gave this progress token; None where it is malformed, which
    makes the call itself none the worse."""
    try:
        if method == "notifications/progress":
            progress = types.ProgressNotificationParams.model_validate({**params, "progressToken": token})
            return types.ProgressNotification(params=progress)
        if method == VISITED:
            visited = types.ElicitCompleteNotificationParams.model_validate(params)
            return types.ElicitCompleteNotification(params=visited)
        return types.LoggingMessageNotification(params=types.LoggingMessageNotificationParams.model_validate(params))
    except ValidationError:
        return None
