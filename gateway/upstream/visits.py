"""Pages that a legacy upstream wants its user to visit (2025-11-25 `client/elicitation`, URL mode)."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gateway.errors import UpstreamAnswered, UpstreamError
from gateway.upstream.asking import may_ask
from gateway.upstream.errands import Errands
from gateway.upstream.listener import Listener, Notify
from gateway.upstream.session import VISITED

VISIT_REQUIRED = -32042
"""The error of a request that cannot be worked on before a page was visited; no later revision has it."""
ASK = "elicitation/create"
MAX_OPEN = 200
"""Visits of which one upstream may still tell that they are done; the oldest are forgotten first."""
SEND_SECONDS = 1.0


async def visit(namespace: str, error: UpstreamAnswered, listener: Listener) -> None:
    """Have the user visit the pages that `error` demands. The request did not run, and may be sent again after this.

    Raises:
        UpstreamAnswered: `error` itself, which demands nothing that this client can be asked for.
        UpstreamError: the user would not.
    """
    pages = list(_pages(error))
    if not pages or not all(may_ask(listener.capabilities, ASK, page) for page in pages):
        raise error
    for page in pages:
        answer = await listener.ask(ASK, page)
        if answer.get("action") != "accept":
            raise UpstreamError(
                namespace, "needs its user to visit a page first, and the user did not. Nothing ran; call again to try."
            )


def _pages(error: UpstreamAnswered) -> Iterator[dict[str, Any]]:
    if error.received != VISIT_REQUIRED or not isinstance(error.data, Mapping):
        return
    wanted = error.data.get("elicitations")
    for each in wanted if isinstance(wanted, list) else ():
        if isinstance(each, dict) and each.get("mode") == "url":
            yield each


class Visits:
    """Who was asked to visit what at one upstream: they alone hear when it is done, also after their call is over."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Notify] = OrderedDict()
        self._errands = Errands()

    def asked(self, params: Mapping[str, Any], notify: Notify) -> None:
        """A client was asked this; if it was for a visit, `notify` reaches it."""
        id = params.get("elicitationId")
        if params.get("mode") == "url" and isinstance(id, str):
            self._open[id] = notify
            if len(self._open) > MAX_OPEN:
                self._open.popitem(last=False)

    def done(self, params: Mapping[str, Any]) -> None:
        """The upstream tells that a visit is done."""
        id = params.get("elicitationId")
        notify = self._open.pop(id, None) if isinstance(id, str) else None
        if notify is not None:
            self._errands.start(_tell(notify, {"elicitationId": id}), "telling that a visit is done")

    async def close(self) -> None:
        """Until all are told that are to be told."""
        await self._errands.finish()


async def _tell(notify: Notify, params: dict[str, Any]) -> None:
    with suppress(TimeoutError):  # a client that does not read
        async with asyncio.timeout(SEND_SECONDS):
            await notify(VISITED, params)
