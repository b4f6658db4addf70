"""What a door needs of the configuration being served."""

from collections.abc import Mapping
from typing import Protocol

from gateway.catalog.catalog import Catalog
from gateway.guard import Guard
from gateway.upstream.upstream import Upstream


class Serving(Protocol):
    """The generation that serves now. Doors ask anew for each call, and never keep what they got."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def upstreams(self) -> Mapping[str, Upstream]: ...

    @property
    def guard(self) -> Guard: ...
