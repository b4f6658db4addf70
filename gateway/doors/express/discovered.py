"""What the gateway says of itself to modern clients, made once per catalog: as the main door, without FastMCP's way."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from mcp.server.lowlevel.server import Server
from mcp_types import DiscoverResult, ServerCapabilities
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from gateway.catalog.catalog import Catalog, Source
from gateway.catalog.freshness import least, list_hints
from gateway.catalog.offers import relayed
from gateway.doors.instructions import Instructions
from gateway.doors.ready import LISTED, Known
from gateway.doors.serving import Serving
from gateway.model.principal import Principal
from gateway.upstream.session import META_SERVER, MODERN

DISCOVER = "server/discover"
MEMBERS = frozenset({"_meta"})


class ReadyDiscovery:
    """Answers `server/discover`. `server` knows what it has handlers for."""

    def __init__(self, serving: Serving, known: Known, server: Server[Any], instructions: Instructions):
        self._serving = serving
        self._known = known
        self._server = server
        self._instructions = instructions
        self._made_from: Catalog | None = None
        self._made: dict[str, Any] = {}

    def answer(self, params: Mapping[str, Any], principal: Principal) -> bytes | None:
        """The result as JSON; None where code has added something that only FastMCP knows."""
        if not params.keys() <= MEMBERS or not self._known.is_all():
            return None
        sources, now = self._known.sources(), time.time()
        if self._made_from is not self._serving.catalog:
            self._made_from, self._made = self._serving.catalog, self._make(sources)
        hints = least(list_hints(method, sources, now, by_principal=self._known.by_principal()) for method in LISTED)
        instructions = self._instructions.to(principal)
        said = {"instructions": instructions} if instructions is not None else {}
        return orjson.dumps({**self._made, **said, **hints})

    def _make(self, sources: Sequence[Source]) -> dict[str, Any]:
        has = self._server.get_capabilities(protocol_version=MODERN).model_dump(
            by_alias=True, mode="json", exclude_none=True
        )
        result = DiscoverResult(
            supported_versions=list(MODERN_PROTOCOL_VERSIONS),
            capabilities=ServerCapabilities.model_validate(relayed(has, sources)),
        )
        made = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return {**made, "_meta": {META_SERVER: self._server.server_info_stamp}}
