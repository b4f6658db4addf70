"""What decides who may use the same upstream session. Pure; the pool sees the key and nothing of the principal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from gateway.config.model import SessionSharing
from gateway.upstream import messages
from gateway.upstream.connect import Speech

NONE: Final = "{}"
EVERYONE = ("everyone",)
GATEWAY = ("gateway",)


@dataclass(init=False, slots=True)
class Caller:
    """Who a request is for, as far as sessions care: a subject, and its downstream session where it has one."""

    subject: Final[str]
    session: Final[str | None]

    def __init__(self, subject: str, session: str | None = None):
        self.subject = subject
        self.session = session


class ShareKey(NamedTuple):
    """Two calls with equal keys may use one session. `lasting` is false for a session of a single call."""

    holder: tuple[str, ...]
    capabilities: str = NONE
    lasting: bool = True


SHARED: Final = ShareKey(EVERYONE)


def default_rule(speech: Speech | None, stateful: bool) -> SessionSharing:
    """The safest rule that works: what holds state for a caller belongs to that caller."""
    if speech is not None and speech.transport == "stdio":
        return "per_user"
    return "per_session" if stateful else "shared"


def share_key(rule: SessionSharing, caller: Caller, capabilities: Mapping[str, Any]) -> ShareKey:
    """The key for one call. A session declares capabilities once, so callers that declare others get another."""
    declared = messages.encoded(capabilities, orjson.OPT_SORT_KEYS).decode() if capabilities else NONE
    if rule == "shared":
        return ShareKey(EVERYONE, declared) if capabilities else SHARED
    match rule:
        case "per_user":
            return ShareKey(("user", caller.subject), declared)
        case "per_session" if caller.session is not None:
            return ShareKey(("session", caller.subject, caller.session), declared)
        case "per_session":  # modern clients have no session: their user is the nearest thing to one
            return ShareKey(("user", caller.subject), declared)
        case "per_call":
            return ShareKey(EVERYONE, declared, lasting=False)
