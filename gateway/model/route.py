"""A public name and where it leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["tool", "resource", "template", "prompt"]
Owner = Literal["service", "upstream"]


@dataclass(frozen=True, slots=True)
class Route:
    """A public name and where it leads: the owner, its own name there, its definition.

    `public` is the name, URI or URI template that clients use; `original` the owner's own. `definition` is the
    wire object of the list that `kind` belongs to, already under its public name, and otherwise as the owner
    gave it. `read_only` is the tool's `readOnlyHint` (resources, templates and prompts always are);
    `repeatable` says that a call may be sent twice without harm.
    """

    kind: Kind
    owner: Owner
    namespace: str
    public: str
    original: str
    definition: Mapping[str, Any]
    read_only: bool = False
    repeatable: bool = False

    def __repr__(self) -> str:
        return f"<{self.kind} {self.public} -> {self.owner} {self.namespace}:{self.original}>"
