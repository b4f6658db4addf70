"""Tasks (SEP-2663): the handle that an upstream gives instead of a result, and what clients see of it.

A client's task id is the upstream's own, sealed together with where it leads. It holds for the caller that it was given
to: in anyone else's hands, or with a letter changed, it is no task at all. Nothing is kept here, so an id outlives this
process as long as its key does.
"""

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.catalog.uris import publish_result
from gateway.errors import UpstreamBroken
from gateway.upstream.listener import Listener
from gateway.upstream.session import META_SERVER

EXTENSION = "io.modelcontextprotocol/tasks"
METHODS = ("tasks/get", "tasks/update", "tasks/cancel")

# A task id goes into a header, and ours is half as long again.
LONGEST_ID = 1024
NONCE = 12
PROCESS_SECRET = secrets.token_bytes(32)


class Task(NamedTuple):
    """Where a task id leads: to the upstream's own id. `tool` is the public name of the tool that was called."""

    namespace: str
    tool: str
    original: str


class TaskIds:
    """Makes the ids that clients get, and reads them.

    `secret` gives at least 32 random bytes and is asked for when the first id is made or read; gateways that share it
    read each other's ids. Without one, ids hold for this process.
    """

    def __init__(self, secret: Callable[[], bytes] = lambda: PROCESS_SECRET):
        self._secret = secret
        self._made: AESGCM | None = None

    def seal(self, subject: str, task: Task) -> str:
        """An id that leads to `task`, for this caller only."""
        nonce = secrets.token_bytes(NONCE)
        return _text(nonce + self._cipher.encrypt(nonce, orjson.dumps([*task]), subject.encode()))

    def find(self, subject: str, id: str) -> Task | None:
        """What an id leads to; None for one that was never given to this caller."""
        try:
            raw = base64.b64decode(id + "=" * (-len(id) % 4), b"-_", validate=True)
            task = Task(*orjson.loads(self._cipher.decrypt(raw[:NONCE], raw[NONCE:], subject.encode())))
        except (ValueError, InvalidTag):  # what base64 and the cipher say of a malformed one is a ValueError
            return None
        return task if _text(raw) == id else None

    @property
    def _cipher(self) -> AESGCM:
        if self._made is None:
            self._made = AESGCM(hmac.digest(self._secret(), b"task ids", "sha256"))
        return self._made


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def declares_tasks(capabilities: Mapping[str, Any]) -> bool:
    """Whether a client or an upstream that declares these knows tasks (SEP-2663, Capability Negotiation)."""
    extensions = capabilities.get("extensions")
    return isinstance(extensions, Mapping) and isinstance(extensions.get(EXTENSION), Mapping)


def is_task(result: Mapping[str, Any]) -> bool:
    """Whether a result of `tools/call` is a task instead."""
    return result.get("resultType") == "task"


def own_id(namespace: str, result: Mapping[str, Any], listener: Listener) -> str:
    """The upstream's id in a task that it made for the client of `listener`.

    Raises:
        UpstreamBroken: there is no id that could be used, its `_meta` is no object, or the client did not say that it
            knows tasks.
    """
    if listener.era == "legacy" or not declares_tasks(listener.capabilities):
        raise UpstreamBroken(namespace, "made a task for a client that knows none. Report it to its makers.")
    original = result.get("taskId")
    if not isinstance(original, str) or not 0 < len(original) <= LONGEST_ID:
        problem = f"made a task without an id of 1 to {LONGEST_ID} characters. Report it to its makers."
        raise UpstreamBroken(namespace, problem)
    if not isinstance(result.get("_meta", {}), dict):
        raise UpstreamBroken(namespace, "made a task whose _meta is no object. Report it to its makers.")
    return original


def publish_task(namespace: str, id: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """A task or its state as clients see it: under our id, with public URIs in the result of the call."""
    published = {**state, "taskId": id} if "taskId" in state else dict(state)
    if isinstance(result := state.get("result"), dict):
        published["result"] = publish_result(namespace, "tools/call", without_server_info(result))
    return published


def without_server_info(result: dict[str, Any]) -> dict[str, Any]:
    """The upstream's name does not come through: clients see one server, ours."""
    meta = result.get("_meta")
    if not isinstance(meta, dict) or META_SERVER not in meta:
        return result
    rest = {key: value for key, value in meta.items() if key != META_SERVER}
    return {**result, "_meta": rest} if rest else {key: value for key, value in result.items() if key != "_meta"}
