"""The services that a gateway has mounted now; they come and go with the configuration."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from fastmcp import FastMCP
from fastmcp.server.providers import Provider
from fastmcp.server.providers.fastmcp_provider import FastMCPProvider

from gateway.errors import ServiceBroken


class MountedService(FastMCPProvider):
    """What a service offers, as `mount` gives it. Its lifespan is the runtime's to open and close."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        yield


class Mount(NamedTuple):
    """A service that is mounted, and what it is mounted as."""

    service: FastMCP
    provider: Provider


class Mounts:
    """Which services `host` has mounted."""

    def __init__(self, host: FastMCP):
        self._host = host
        self._mounts: dict[str, Mount] = {}

    def __len__(self) -> int:
        return len(self._mounts)

    def serve(self, services: Mapping[str, FastMCP]) -> None:
        """Mount these, and nothing else; one that is mounted already stays as it is.

        Raises:
            ServiceBroken: one brings an extension of the protocol, which FastMCP takes before it serves only.
        """
        host = self._host
        kept = {name: mount for name, mount in self._mounts.items() if services.get(name) is mount.service}
        before, gone = host.providers, [self._mounts[name].provider for name in self._mounts.keys() - kept.keys()]
        host.providers = [provider for provider in before if provider not in gone]
        try:
            fresh = {name: self._mount(name, service) for name, service in services.items() if name not in kept}
        except RuntimeError as error:
            host.providers = before
            raise ServiceBroken(f"A new service cannot be served without a restart: {error}") from error
        self._mounts = kept | fresh

    def _mount(self, namespace: str, service: FastMCP) -> Mount:
        self._host.add_provider(MountedService(service), namespace=namespace)
        return Mount(service, self._host.providers[-1])
