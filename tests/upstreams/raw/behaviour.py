"""What a raw upstream does with a request, whatever the era and transport."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from tests.upstreams.raw.caller import Caller
from tests.upstreams.raw.control import Control, Switch, changes_offer
from tests.upstreams.raw.definitions import CONTENTS, ITEM_PREFIX, PROMPTS, RESOURCES, STYLES, TEMPLATES, VENDOR
from tests.upstreams.raw.offer import Settings, offered_tools, page
from tests.upstreams.raw.tasks import Tasks
from tests.upstreams.raw.tools import FUNCTIONS, any_other, text
from tests.upstreams.raw.wire import INVALID_PARAMS, LEGACY_RESOURCE_NOT_FOUND, METHOD_NOT_FOUND, Json, RpcError
from tests.upstreams.record import Record


class Listener(Protocol):
    """Someone with an open stream for what happens beside requests."""

    def tell(self, method: str, params: Json) -> None:
        """Pass it on if it was asked for."""
        ...

    def end(self, *, politely: bool) -> None: ...


class Behaviour:
    """Everything but the wire: settings, control, record, open streams, and `perform`."""

    def __init__(self, settings: Settings, record: Record):
        self.settings = settings
        self.record = record
        self.switch = Switch()
        self.listeners: set[Listener] = set()
        self.tasks = Tasks(self._announce)
        self._next_change: asyncio.TimerHandle | None = None

    @property
    def server_info(self) -> Json:
        return {"name": self.settings.name, "version": "1.0.0", "title": f"Raw upstream {self.settings.name}"}

    @property
    def instructions(self) -> str:
        return f"Instructions of {self.settings.name}."

    async def perform(self, method: str, params: Json, caller: Caller) -> Json:
        """The bare result. Raises RpcError and InputRequired; a cancelled task ends it, and the record tells."""
        methods = {**METHODS, **TASK_METHODS} if self.settings.tasks else METHODS
        if method not in methods:
            raise RpcError(METHOD_NOT_FOUND, "Method not found", {"method": method})
        with self.record.running(method, params.get("name") or params.get("uri") or params.get("taskId") or ""):
            await asyncio.sleep(self._delay(method))
            for each in self.switch.control.before if method == "tools/call" else ():
                caller.tell(each["method"], each["params"])
            return await methods[method](self, params, caller)

    def change(self, control: Control) -> None:
        """Behave so from now on, and tell who listens."""
        changed = changes_offer(self.switch.control, control)
        self.switch.set(control)
        if self._next_change is not None:
            self._next_change.cancel()
        if changed:
            self._announce("notifications/tools/list_changed", {})
        if control.changes_every:
            self._keep_changing()
        if control.updated:
            self._announce("notifications/resources/updated", {"uri": control.updated})
        if control.visited:
            self._announce("notifications/elicitation/complete", {"elicitationId": control.visited})
        if control.end_streams or control.drop_streams:
            for listener in tuple(self.listeners):
                listener.end(politely=control.end_streams)

    def _keep_changing(self) -> None:
        self._announce("notifications/tools/list_changed", {})
        again = self.switch.control.changes_every
        self._next_change = asyncio.get_running_loop().call_later(again, self._keep_changing)

    def _announce(self, method: str, params: Json) -> None:
        for listener in tuple(self.listeners):
            listener.tell(method, params)

    def _delay(self, method: str) -> float:
        control, settings = self.switch.control, self.settings
        if method.endswith("/list"):
            return settings.list_delay if control.list_delay is None else control.list_delay
        return settings.call_delay if control.call_delay is None else control.call_delay

    def tools(self) -> list[Any]:
        return [*offered_tools(self.settings, self.switch.control), *self._entries("tools/list")]

    def offered(self, method: str, key: str, items: Sequence[Any], params: Json) -> Json:
        """A page of a list other than that of tools."""
        return page(key, [*items, *self._entries(method)], params, self.settings.page_size)

    def _entries(self, method: str) -> list[Any]:
        return self.switch.control.entries.get(method, [])

    def as_told(self, method: str, result: Json) -> Json:
        """The whole result, with the members that the control puts in."""
        return {**result, **self.switch.control.members.get(method, {})}


async def _list_tools(behaviour: Behaviour, params: Json, _: Caller) -> Json:
    endless = behaviour.switch.control.endless_pages
    return page("tools", behaviour.tools(), params, behaviour.settings.page_size, endless=endless)


async def _call_tool(behaviour: Behaviour, params: Json, caller: Caller) -> Json:
    name, arguments = params.get("name"), params.get("arguments") or {}
    known = (each for each in behaviour.tools() if isinstance(each, dict))
    definition = next((each for each in known if each.get("name") == name), None)
    if definition is None:
        raise RpcError(INVALID_PARAMS, "Unknown tool", {"name": name})
    if missing := [each for each in _required(definition) if each not in arguments]:
        return text(f"Missing arguments: {', '.join(missing)}", isError=True)
    if definition["name"] == "job":
        return behaviour.tasks.call(caller, arguments)
    return await FUNCTIONS.get(definition["name"], any_other)(caller, arguments)


def _required(definition: Json) -> Sequence[str]:
    schema = definition.get("inputSchema")
    return schema.get("required", ()) if isinstance(schema, dict) else ()


async def _list_resources(behaviour: Behaviour, params: Json, _: Caller) -> Json:
    return behaviour.offered("resources/list", "resources", RESOURCES, params)


async def _list_templates(behaviour: Behaviour, params: Json, _: Caller) -> Json:
    return behaviour.offered("resources/templates/list", "resourceTemplates", TEMPLATES, params)


async def _read_resource(_: Behaviour, params: Json, caller: Caller) -> Json:
    uri = str(params.get("uri"))
    found = CONTENTS.get(uri)
    if uri.startswith(ITEM_PREFIX) and uri != ITEM_PREFIX:
        found = {"mimeType": "application/json", "text": f'{{"id": "{uri.removeprefix(ITEM_PREFIX)}"}}'}
    if found is None:
        code = INVALID_PARAMS if caller.era == "modern" else LEGACY_RESOURCE_NOT_FOUND
        raise RpcError(code, "Resource not found", {"uri": uri})
    return {"contents": [{"uri": uri, **found}], "_meta": {VENDOR: "result read"}}


async def _list_prompts(behaviour: Behaviour, params: Json, _: Caller) -> Json:
    return behaviour.offered("prompts/list", "prompts", PROMPTS, params)


async def _get_prompt(_: Behaviour, params: Json, __: Caller) -> Json:
    name, arguments = params.get("name"), params.get("arguments") or {}
    if name == "plain":
        return {"messages": [{"role": "user", "content": {"type": "text", "text": "Plain."}}]}
    if name != "greet":
        raise RpcError(INVALID_PARAMS, "Unknown prompt", {"name": name})
    if "name" not in arguments:
        raise RpcError(INVALID_PARAMS, "Missing argument: name")
    words = f"Greet {arguments['name']} in the {arguments.get('style', 'friendly')} style."
    message = {"role": "user", "content": {"type": "text", "text": words}}
    return {"description": "A greeting", "messages": [message], "_meta": {VENDOR: "result greet"}}


async def _complete(_: Behaviour, params: Json, __: Caller) -> Json:
    ref, argument = params.get("ref") or {}, params.get("argument") or {}
    choices = {
        ("ref/prompt", "greet", "style"): STYLES,
        ("ref/resource", ITEM_PREFIX + "{id}", "id"): ("1", "2", "3"),
    }.get((ref.get("type"), ref.get("name") or ref.get("uri"), argument.get("name")))
    if choices is None:
        raise RpcError(INVALID_PARAMS, "Nothing to complete there")
    values = [each for each in choices if each.startswith(argument.get("value", ""))]
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


METHODS: dict[str, Callable[[Behaviour, Json, Caller], Awaitable[Json]]] = {
    "tools/list": _list_tools,
    "tools/call": _call_tool,
    "resources/list": _list_resources,
    "resources/templates/list": _list_templates,
    "resources/read": _read_resource,
    "prompts/list": _list_prompts,
    "prompts/get": _get_prompt,
    "completion/complete": _complete,
}


async def _get_task(behaviour: Behaviour, params: Json, caller: Caller) -> Json:
    return behaviour.tasks.get(caller, params.get("taskId"))


async def _update_task(behaviour: Behaviour, params: Json, caller: Caller) -> Json:
    return behaviour.tasks.update(caller, params.get("taskId"), params.get("inputResponses") or {})


async def _cancel_task(behaviour: Behaviour, params: Json, caller: Caller) -> Json:
    return behaviour.tasks.cancel(caller, params.get("taskId"))


TASK_METHODS = {"tasks/get": _get_task, "tasks/update": _update_task, "tasks/cancel": _cancel_task}
