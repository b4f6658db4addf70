"""What clients are told of how to use what is served: each of what it may use, and of nothing else."""

from collections.abc import Container
from typing import Protocol

from gateway.catalog.catalog import Catalog
from gateway.doors.serving import Serving
from gateway.model.principal import ALL_SCOPES, Principal

# Sets of scopes whose instructions are kept ready.
MOST_READY = 64


class Told(Protocol):
    """The instructions of everything, or of the namespaces that are given and the gateway itself."""

    def __call__(self, namespaces: Container[str] | None = None) -> str: ...


class Instructions:
    """Finds those for a principal."""

    def __init__(self, serving: Serving, told: Told):
        self._serving = serving
        self._told = told
        self._made_from: Catalog | None = None
        self._ready: dict[frozenset[str], str] = {}

    def to(self, principal: Principal) -> str | None:
        """What `principal` is told, None where that is nothing."""
        if principal.scopes >= ALL_SCOPES:
            return self._told() or None
        if self._made_from is not self._serving.catalog:
            self._made_from, self._ready = self._serving.catalog, {}
        text = self._ready.get(principal.scopes)
        if text is None:
            if len(self._ready) >= MOST_READY:
                self._ready.clear()
            text = self._ready[principal.scopes] = self._told(_seen(self._serving, principal))
        return text or None


def _seen(serving: Serving, principal: Principal) -> Container[str]:
    """The namespaces of which `principal` may use anything."""
    seen: set[str] = set()
    for routes in serving.catalog.routes.values():
        for route in routes.values():
            if route.namespace not in seen and serving.guard.may_see(principal, route):
                seen.add(route.namespace)
    return seen
