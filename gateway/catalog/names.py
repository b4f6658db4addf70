"""Public names: `namespace_name`, within `[A-Za-z0-9_-]{1,64}`, the same whenever the same tools are offered."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

MAX_NAME = 64
HASH_LENGTH = 8
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


def public_names(namespace: str, originals: Iterable[str]) -> dict[str, str]:
    """The public name of each original, no two alike.

    Foreign characters become `_`. Where that makes two names equal, or a name must be shortened, those that had to
    change carry a hash of the original; a name that fits as it is always keeps its plain form.
    """
    plain = {original: f"{namespace}_{_FOREIGN.sub('_', original)}" for original in originals}
    names = {name: public for name, public in plain.items() if public == f"{namespace}_{name}" and _fits(public)}
    taken = set(names.values())
    changed = {name: public for name, public in plain.items() if name not in names}
    wanted = Counter(changed.values())
    for name, public in sorted(changed.items()):  # sorted, so that the order of a listing decides nothing
        if not _fits(public) or public in taken or wanted[public] > 1:
            public = _hashed(public, name, taken)
        names[name] = public
        taken.add(public)
    return {name: names[name] for name in plain}


def _fits(public: str) -> bool:
    return len(public) <= MAX_NAME


def _hashed(public: str, original: str, taken: set[str]) -> str:
    """`public` with as much of the original's hash as tells it from what is taken: somebody may call a tool so."""
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()
    candidates = (f"{public[: MAX_NAME - length - 1]}_{digest[:length]}" for length in range(HASH_LENGTH, MAX_NAME - 1))
    return next(name for name in candidates if name not in taken)
