"""What a legacy client is asked in the middle of a call, and its answers (2025-11-25 `client/elicitation` and beside).

A question goes out on the stream of its call. The answer comes in a request of its own, by the question's id: ours are
text that nobody can guess, and the SDK's are numbers.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from mcp_types import REQUEST_TIMEOUT
from pydantic import BaseModel, ValidationError

from gateway.doors.legacy.reply import LegacyReply
from gateway.doors.midcall import ASKABLE
from gateway.errors import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, UpstreamAnswered
from gateway.upstream.asking import ANSWER_SECONDS, may_ask

ID_BYTES = 16
OVER = "The call that this belonged to is over"


class _Question(NamedTuple):
    reply: LegacyReply
    answer: asyncio.Future[dict[str, Any]]


class Questions:
    """Those that wait for an answer in one session, whose client declared `capabilities`."""

    def __init__(self, capabilities: Mapping[str, Any]):
        self._capabilities = capabilities
        self._waiting: dict[str, _Question] = {}

    async def ask(self, reply: LegacyReply, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The client's answer to a question within the call that `reply` answers.

        Raises:
            UpstreamAnswered: it cannot be asked, will not answer, or did not in time.
        """
        if method not in ASKABLE or not may_ask(self._capabilities, method, params):  # nobody there would answer
            raise UpstreamAnswered(METHOD_NOT_FOUND, "Method not found")
        if reply.is_over:
            raise UpstreamAnswered(INVALID_PARAMS, OVER)
        question = _question(method, params)
        id = f"gateway-{secrets.token_urlsafe(ID_BYTES)}"
        answer = asyncio.get_running_loop().create_future()
        self._waiting[id] = _Question(reply, answer)
        try:
            await reply.say({"jsonrpc": "2.0", "id": id, **question})
            async with asyncio.timeout(ANSWER_SECONDS):
                result = await answer
        except TimeoutError:
            await reply.say(_withdrawn(id))
            raise UpstreamAnswered(REQUEST_TIMEOUT, f"Request '{method}' timed out") from None
        except asyncio.CancelledError:
            await reply.say(_withdrawn(id))
            raise
        finally:
            del self._waiting[id]
        return _answer(method, result)

    def take(self, message: Mapping[str, Any]) -> bool:
        """Whether `message` is the answer to one of them, which goes on with it."""
        id, result, error = message.get("id"), message.get("result"), message.get("error")
        question = self._waiting.get(id) if type(id) is str else None
        if question is None or question.answer.done():
            return False
        if type(result) is dict and error is None:
            question.answer.set_result(result)
            return True
        if type(error) is not dict or type(error.get("code")) is not int or type(error.get("message")) is not str:
            return False
        question.answer.set_exception(UpstreamAnswered(error["code"], error["message"], error.get("data")))
        return True

    def end(self, reply: LegacyReply) -> None:
        """The call is over: nobody waits for its questions, which were asked beside it, on a stream that goes on."""
        if not self._waiting:
            return
        for question in list(self._waiting.values()):
            if question.reply is reply and not question.answer.done():
                question.answer.set_exception(UpstreamAnswered(INVALID_PARAMS, OVER))


def _question(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """A question as the SDK writes it."""
    try:
        return _plain(ASKABLE[method][0].model_validate({"method": method, "params": params}))
    except ValidationError:
        raise UpstreamAnswered(INVALID_PARAMS, f"The params are not those of {method}") from None


def _answer(method: str, result: dict[str, Any]) -> dict[str, Any]:
    """An answer as the SDK reads it."""
    try:
        return _plain(ASKABLE[method][1].model_validate(result))
    except ValidationError:
        raise UpstreamAnswered(INTERNAL_ERROR, f"The client's answer is no result of {method}") from None


def _plain(typed: BaseModel) -> dict[str, Any]:
    return typed.model_dump(by_alias=True, mode="json", exclude_none=True)


def _withdrawn(id: str) -> dict[str, Any]:
    params = {"requestId": id, "reason": "nobody waits for the answer any more"}
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
