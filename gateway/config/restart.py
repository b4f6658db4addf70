"""What a running gateway cannot change, because it was made with it: where it listens, whom it lets in, its audit."""

from collections.abc import Iterator

from gateway.config.model import GatewayConfig

APPLIED = frozenset({"instructions"})
"""The keys of `[server]` that are read anew for each client."""
FIXED = ("auth", "audit", "replicas")


def without_restart(served: GatewayConfig, wanted: GatewayConfig) -> tuple[GatewayConfig, tuple[str, ...]]:
    """As much of `wanted` as a gateway that serves `served` can take over, and the keys for which it must restart."""
    fixed = {section: getattr(served, section) for section in FIXED}
    applied = {name: getattr(wanted.server, name) for name in APPLIED}
    possible = wanted.model_copy(update=fixed | {"server": served.server.model_copy(update=applied)})
    return possible, tuple(sorted(_fixed(served, wanted)))


def _fixed(served: GatewayConfig, wanted: GatewayConfig) -> Iterator[str]:
    for section in ("server", *FIXED):
        ours, theirs = getattr(served, section), getattr(wanted, section)
        for name in type(ours).model_fields.keys() - (APPLIED if section == "server" else set()):
            if getattr(ours, name) != getattr(theirs, name):
                yield f"{section}.{name}"
