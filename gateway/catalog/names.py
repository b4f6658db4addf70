"""Public names: `namespace_name`, within `[A-Za-z0-9_-]{1,64}`, the same whenever the same tools are offered."""

import hashlib
import re
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
    untouched = {public for original, public in plain.items() if public == f"{namespace}_{original}"}
    changed: dict[str, int] = {}
    for original, public in plain.items():
        if public != f"{namespace}_{original}":
            changed[public] = changed.get(public, 0) + 1
    return {
        original: _with_hash(public, original)
        if len(public) > MAX_NAME
        or (public != f"{namespace}_{original}" and (public in untouched or changed[public] > 1))
        else public
        for original, public in plain.items()
    }


def _with_hash(public: str, original: str) -> str:
    digest = hashlib.sha256(original.encode()).hexdigest()[:HASH_LENGTH]
    return f"{public[: MAX_NAME - HASH_LENGTH - 1]}_{digest}"
