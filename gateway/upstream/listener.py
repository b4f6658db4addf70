"""Who hears what an upstream says while it works on one request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from gateway.errors import METHOD_NOT_FOUND, UpstreamAnswered

Era = Literal["modern", "legacy"]
Notify = Callable[[str, dict[str, Any]], Awaitable[None]]
Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


async def ignore(method: str, params: dict[str, Any]) -> None:
    """A notification nobody waits for."""


async def refuse(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request that no client could serve."""
    raise UpstreamAnswered(METHOD_NOT_FOUND, "The client did not declare this capability")


@dataclass(init=False, slots=True)
class Listener:
    """The client of one request.

    `notify` takes the upstream's notifications, in order; `ask` its requests (elicitation, sampling, roots), and
    returns the result or raises `UpstreamAnswered` with the client's error. `capabilities` are those that the client
    declared, in the shapes of its `era`; `log_level` the least severe log message it wants, or None for none;
    `progress` whether it wants progress.
    """

    notify: Final[Notify]
    ask: Final[Ask]
    era: Final[Era]
    capabilities: Final[Mapping[str, Any]]
    log_level: Final[str | None]
    progress: Final[bool]

    def __init__(
        self,
        notify: Notify = ignore,
        ask: Ask = refuse,
        era: Era = "modern",
        capabilities: Mapping[str, Any] = NOTHING,
        log_level: str | None = None,
        progress: bool = False,
    ):
        self.notify = notify
        self.ask = ask
        self.era = era
        self.capabilities = capabilities
        self.log_level = log_level
        self.progress = progress


SILENT: Final = Listener()
