"""The immutable table of all routes: built whole from the listings of every service and upstream, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gateway.catalog.encode import EncodedList
from gateway.catalog.names import public_names
from gateway.catalog.uris import publish_tool, to_original, to_public
from gateway.errors import ConfigurationError, Fault
from gateway.model.listing import Listing
from gateway.model.route import Kind, Owner, Route

# Characters of a URI that no listing tells of: who asks for it chose it, and it is kept in more than one place.
LONGEST_URI = 8192
KINDS: tuple[Kind, ...] = ("tool", "resource", "template", "prompt")
Offers = tuple[tuple[Kind, Sequence[Mapping[str, Any]]], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Who offers something: a service or an upstream under its namespace, with what it lists.

    The gateway's own things are not `prefixed`: `status://system` keeps its name.
    """

    owner: Owner
    namespace: str
    listing: Listing
    prefixed: bool = True


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from one catalog to the next, as `kind public-name`, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, repr=False)
class Catalog:
    """All routes by kind and public name, with their lists already encoded."""

    routes: Mapping[Kind, Mapping[str, Route]]
    owners: Mapping[str, Owner]
    lists: Mapping[Kind, EncodedList] = field(compare=False)

    def __repr__(self) -> str:
        counts = " ".join(f"{kind}s={len(self.routes[kind])}" for kind in KINDS)
        return f"<Catalog {counts} from {', '.join(self.owners) or 'nobody'}>"

    def tool(self, name: str) -> Route | None:
        """The tool of that public name."""
        return self.routes["tool"].get(name)

    def prompt(self, name: str) -> Route | None:
        """The prompt of that public name."""
        return self.routes["prompt"].get(name)

    def resource(self, uri: str) -> Route | None:
        """Where a public URI leads, listed or not: one from a template, or one that only its owner knows of, leads
        to the owner of its namespace all the same."""
        listed = self.routes["resource"].get(uri)
        if listed is not None:
            return listed
        parts = to_original(uri) if len(uri) <= LONGEST_URI else None
        if parts is None or parts[0] not in self.owners:
            return None
        namespace, original = parts
        return Route("resource", self.owners[namespace], namespace, uri, original, {"uri": uri}, True, True)

    def namespace_of(self, name: str) -> str | None:
        """The namespace that a public name would belong to, if anyone here has it."""
        namespace = name.partition("_")[0]
        return namespace if namespace in self.owners else None

    def diff(self, newer: "Catalog") -> Diff:
        """What `newer` adds, removes and changes."""
        ours, theirs = _flat(self), _flat(newer)
        return Diff(
            added=tuple(sorted(theirs.keys() - ours.keys())),
            removed=tuple(sorted(ours.keys() - theirs.keys())),
            changed=tuple(sorted(key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key])),
        )


def _flat(catalog: Catalog) -> dict[str, Route]:
    return {f"{kind} {name}": route for kind in KINDS for name, route in catalog.routes[kind].items()}


def build(sources: Iterable[Source]) -> Catalog:
    """A catalog of everything that `sources` list, in their order.

    Raises:
        ConfigurationError: two of them have one namespace, or offer something under one public name.
    """
    owners: dict[str, Owner] = {}
    routes: dict[Kind, dict[str, Route]] = {kind: {} for kind in KINDS}
    for source in sources:
        if source.namespace in owners:
            problem = f"the namespace is taken by a {owners[source.namespace]} of that name"
            raise ConfigurationError(
                [Fault("gateway.toml", f"{source.owner}s.{source.namespace}", problem, "Rename one of the two.")]
            )
        owners[source.namespace] = source.owner
        _add(source, routes)
    return Catalog(
        routes=MappingProxyType({kind: MappingProxyType(found) for kind, found in routes.items()}),
        owners=MappingProxyType(owners),
        lists=MappingProxyType({kind: EncodedList(kind, routes[kind].values()) for kind in KINDS}),
    )


def _add(source: Source, routes: dict[Kind, dict[str, Route]]) -> None:
    listing = source.listing
    named: Offers = (("tool", listing.tools), ("prompt", listing.prompts))
    for kind, offered in named:
        originals = [item["name"] for item in offered]
        names = public_names(source.namespace, originals) if source.prefixed else {name: name for name in originals}
        for item in offered:
            _put(routes[kind], _route(source, kind, item, "name", names[item["name"]]))
    located: Offers = (("resource", listing.resources), ("template", listing.templates))
    for kind, offered in located:
        key = "uri" if kind == "resource" else "uriTemplate"
        for item in offered:
            uri = to_public(source.namespace, item[key]) if source.prefixed else item[key]
            _put(routes[kind], _route(source, kind, item, key, uri))


def _put(routes: dict[str, Route], route: Route) -> None:
    other = routes.get(route.public)
    if other is not None:
        problem = f"the {route.kind} '{route.public}' is there already, from {other.owner} '{other.namespace}'"
        where = f"{route.owner}s.{route.namespace}"
        raise ConfigurationError([Fault("gateway.toml", where, problem, "Rename one of the two.")])
    routes[route.public] = route


def _route(source: Source, kind: Kind, item: Mapping[str, Any], key: str, public: str) -> Route:
    hints = item.get("annotations") if kind == "tool" else None
    hints = hints if isinstance(hints, Mapping) else {}
    read_only = kind != "tool" or hints.get("readOnlyHint") is True
    if kind == "tool" and source.owner == "upstream":  # FastMCP puts the namespace into what services offer
        item = publish_tool(source.namespace, item)
    return Route(
        kind=kind,
        owner=source.owner,
        namespace=source.namespace,
        public=public,
        original=item[key],
        definition={**item, key: public},
        read_only=read_only,
        repeatable=read_only or hints.get("idempotentHint") is True,
    )


EMPTY = build([])
