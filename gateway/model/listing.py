"""What one owner of tools says it offers, as last heard."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

OFFER = ("tools", "resources", "templates", "prompts", "capabilities", "instructions")

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """The wire objects of the four lists as their owner gave them, with what it says of itself.

    `hints` are `ttlMs` and `cacheScope` of its results, by method. `heard_at` is POSIX seconds. `faults` name, for a
    person, what in the listing could not be used.
    """

    tools: tuple[Definition, ...] = ()
    resources: tuple[Definition, ...] = ()
    templates: tuple[Definition, ...] = ()
    prompts: tuple[Definition, ...] = ()
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    instructions: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    heard_at: float = 0.0
    faults: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counts = f"tools={len(self.tools)} resources={len(self.resources)}"
        return f"<Listing {counts} templates={len(self.templates)} prompts={len(self.prompts)}>"

    def same_offer(self, other: "Listing") -> bool:
        """Whether both offer the same, whenever they were heard."""
        return all(getattr(self, name) == getattr(other, name) for name in OFFER)

    def digest(self) -> str:
        """The same for all that offer the same, in every process."""
        offer = [getattr(self, name) for name in OFFER]
        return hashlib.sha256(orjson.dumps(offer, option=orjson.OPT_SORT_KEYS)).hexdigest()


EMPTY = Listing()
