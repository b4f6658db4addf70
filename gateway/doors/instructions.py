"""What clients are told of how to use what is served: each of what it may use, and of nothing else."""

from collections.abc import Callable, Container

from gateway.catalog.catalog import Catalog
from gateway.doors.serving import Serving
from gateway.model.principal import ALL_SCOPES, Principal

# Sets of scopes whose instructions are kept ready.
MOST_READY = 64


class Instructions:
    """Finds those for a principal.

    Args:
        everything: those for who may use all there is, as the server has them ready.
        some: makes those of the gateway itself and of these namespaces.
    """

    def __init__(self, serving: Serving, everything: Callable[[], str | None], some: Callable[[Container[str]], str]):
        self._serving = serving
        self._everything = everything
        self._some = some
        self._made_from: Catalog | None = None
        self._ready: dict[frozenset[str], str] = {}

    def to(self, principal: Principal) -> str | None:
        """What `principal` is told, None where that is nothing."""
        if principal.scopes >= ALL_SCOPES:
            return self._everything()
        if self._made_from is not self._serving.catalog:
            self._made_from, self._ready = self._serving.catalog, {}
        text = self._ready.get(principal.scopes)
        if text is None:
            if len(self._ready) >= MOST_READY:
                self._ready.clear()
            text = self._ready[principal.scopes] = self._some(_seen(self._serving, principal))
        return text or None


def _seen(serving: Serving, principal: Principal) -> Container[str]:
    """The namespaces of which `principal` may use anything."""
    seen: set[str] = set()
    for routes in serving.catalog.routes.values():
        for route in routes.values():
            if route.namespace not in seen and serving.guard.may_see(principal, route):
                seen.add(route.namespace)
    return seen
