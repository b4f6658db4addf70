"""What the tools do."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from tests.upstreams.raw.caller import LEVELS, Caller
from tests.upstreams.raw.definitions import NOTES, PICTURE, PIXEL, UNLISTED, VENDOR
from tests.upstreams.raw.wire import Json, RpcError, encoded

VERBATIM = "verbatim"
"""An extra tool (`Control.extra`), which answers what its arguments say."""

ANSWER_SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


def text(value: str, **more: Any) -> Json:
    return {"content": [{"type": "text", "text": value}], **more}


def structured(value: Any, **more: Any) -> Json:
    """A result with structuredContent, and the same as text for those who can't read it."""
    return text(encoded(value).decode(), structuredContent=value, **more)


async def echo(_: Caller, arguments: Json) -> Json:
    return text(arguments["text"], _meta={VENDOR: "result echo"})


async def add(_: Caller, arguments: Json) -> Json:
    terms = [arguments["a"], arguments["b"]]
    return structured({"sum": sum(terms), "terms": terms})


async def fail(_: Caller, arguments: Json) -> Json:
    failed = text(arguments["message"], isError=True)
    return {**failed, "content": [*failed["content"], {"type": "image", "data": PIXEL, "mimeType": "image/png"}]}


async def error(_: Caller, arguments: Json) -> Json:
    raise RpcError(arguments["code"], arguments["message"], {"from": "raw", "nested": [1, {"two": None}]})


async def progress(caller: Caller, arguments: Json) -> Json:
    token, steps = caller.meta.get("progressToken"), arguments["steps"]
    for step in range(1, steps + 1) if token is not None else ():
        report = {"progressToken": token, "progress": step, "total": steps, "message": f"step {step}"}
        caller.tell("notifications/progress", report)
        await asyncio.sleep(0)
    return text(f"{steps} steps")


async def log(caller: Caller, arguments: Json) -> Json:
    level = arguments["level"]
    if level not in LEVELS:
        return text(f"No such level: use one of {', '.join(LEVELS)}", isError=True)
    if caller.wants_log(level):
        caller.tell("notifications/message", {"level": level, "logger": "raw", "data": {"text": arguments["message"]}})
    return text("logged")


async def slow(_: Caller, arguments: Json) -> Json:
    await asyncio.sleep(arguments["seconds"])
    return text(f"{arguments['seconds']} seconds later")


VISITED: set[str] = set()


def _visited(id: str) -> Json:
    if id not in VISITED:
        VISITED.add(id)
        page = {"mode": "url", "message": "Sign in", "url": "https://example.com/in", "elicitationId": id}
        raise RpcError(-32042, "This needs more.", {"elicitations": [page]})
    return text("visited")


async def ask(caller: Caller, arguments: Json) -> Json:
    """`method` and `params` ask something else than a form; `times` asks again (legacy only), with progress before.

    `visit` is the id of a page that the user must visit first: the first call with that id says so (legacy only).
    """
    if "visit" in arguments:
        return _visited(arguments["visit"])
    form = {"mode": "form", "message": arguments["question"], "requestedSchema": ANSWER_SCHEMA}
    method, params = arguments.get("method", "elicitation/create"), arguments.get("params", form)
    said: Json = {}
    for number in range(arguments.get("times", 1)):
        if "progressToken" in caller.meta:
            caller.tell("notifications/progress", {"progressToken": caller.meta["progressToken"], "progress": number})
        said = await caller.ask("answer", method, params)
    if "method" in arguments:
        return structured(said)
    return structured({"action": said.get("action"), "answer": (said.get("content") or {}).get("answer")})


async def image(_: Caller, __: Json) -> Json:
    return {"content": [{"type": "image", "data": PIXEL, "mimeType": "image/png", "annotations": {"priority": 0.9}}]}


async def link(_: Caller, __: Json) -> Json:
    embedded = {"uri": UNLISTED, "mimeType": "text/plain", "text": "Not on any list.", "_meta": {VENDOR: "embedded"}}
    return {
        "content": [
            {"type": "resource_link", "uri": NOTES, "name": "notes", "mimeType": "text/plain", "size": 37},
            {"type": "resource_link", "uri": PICTURE, "name": "pixel"},
            {"type": "resource", "resource": embedded, "annotations": {"audience": ["user"]}},
        ]
    }


async def unknown_content(_: Caller, __: Json) -> Json:
    return {"content": [{"type": "hologram", "beams": [1, 2]}, {"type": "text", "text": "beside a hologram"}]}


async def whoami(caller: Caller, _: Json) -> Json:
    """`about` is what initialize or `_meta` said of the client, plus the session id over legacy HTTP."""
    known = {"era": caller.era, "headers": dict(caller.headers), "meta": caller.meta, "about": caller.about}
    return structured({**known, "pid": os.getpid()})


async def header(caller: Caller, arguments: Json) -> Json:
    """The transport has checked the headers by now."""
    return structured({"region": arguments["region"], "sent": caller.headers.get("mcp-param-region")})


async def numbers(_: Caller, arguments: Json) -> Json:
    return structured(list(range(arguments["count"])))


async def verbatim(caller: Caller, arguments: Json) -> Json:
    """Answers just what it is told to, after the notifications that it is told to send."""
    for each in arguments.get("before", ()):
        caller.tell(each["method"], each["params"])
    return arguments["result"]


FUNCTIONS: dict[str, Callable[[Caller, Json], Awaitable[Json]]] = {
    each.__name__: each
    for each in (
        echo, add, fail, error, progress, log, slow, ask, image, link, unknown_content, whoami, header, numbers,
        verbatim,
    )
}  # fmt: skip


async def any_other(_: Caller, arguments: Json) -> Json:
    """A generated or extra tool: says what it was given."""
    return structured({"given": arguments})
