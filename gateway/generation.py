"""One applied configuration and everything it holds open, and what of it the next one takes over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastmcp import FastMCP

from gateway.catalog.catalog import Catalog, Source, build
from gateway.config.model import GatewayConfig, ServiceConfig
from gateway.doors.additions import Listed
from gateway.model.listing import EMPTY, Listing
from gateway.upstream.upstream import Upstream

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Service:
    """One of our own servers as it is served, and what it lists."""

    config: ServiceConfig
    server: FastMCP
    listing: Listing = EMPTY
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """What is served by one configuration. What did not change is the same object in the next generation."""

    config: GatewayConfig
    services: Mapping[str, Service]
    upstreams: Mapping[str, Upstream]

    def to_load(self, config: GatewayConfig) -> dict[str, ServiceConfig]:
        """The services that `config` wants and that are not here, or not like that."""
        return {
            name: wanted
            for name, wanted in config.services.items()
            if wanted.enabled and (name not in self.services or self.services[name].config != wanted)
        }

    def without(self, other: "Generation") -> "Generation":
        """What is here and not in `other`."""
        services, upstreams = _without(self.services, other.services), _without(self.upstreams, other.upstreams)
        return Generation(self.config, services, upstreams)

    def changes_to(self, newer: "Generation") -> tuple[str, ...]:
        """What `newer` adds, changes and removes, such as `upstream weather: changed`, sorted."""
        return tuple(
            sorted(
                [
                    *_changes("service", self.services, newer.services),
                    *_changes("upstream", self.upstreams, newer.upstreams),
                    *(["log: changed"] if self.config.log != newer.config.log else []),
                    *(["server.instructions: changed"] if self._instructions != newer._instructions else []),
                ]
            )
        )

    @property
    def _instructions(self) -> str:
        return self.config.server.instructions

    def listings(self) -> Mapping[str, Listing]:
        """What each offers, as last heard."""
        return {name: each.listing for name, each in (*self.services.items(), *self.upstreams.items())}

    def sources(self, own: Source) -> list[Source]:
        """Everyone who offers something, with what each lists now, after what the gateway has of its `own`."""
        services = (Source("service", name, each.listing) for name, each in self.services.items())
        upstreams = ((name, each) for name, each in self.upstreams.items() if each.config.is_on)
        return [own, *services, *(Source("upstream", name, each.listing) for name, each in upstreams)]

    def catalog(self, own: Source) -> Catalog:
        """All that they offer.

        Raises:
            ConfigurationError: two of them offer something under one public name.
        """
        return build(self.sources(own))


def _without(these: Mapping[str, T], those: Mapping[str, T]) -> dict[str, T]:
    return {name: each for name, each in these.items() if those.get(name) is not each}


def _changes(kind: str, older: Mapping[str, object], newer: Mapping[str, object]) -> Iterator[str]:
    for name in older.keys() | newer.keys():
        if name not in older:
            yield f"{kind} {name}: added"
        elif name not in newer:
            yield f"{kind} {name}: removed"
        elif older[name] is not newer[name]:
            yield f"{kind} {name}: changed"
