"""The namespace grammar: `[a-z][a-z0-9-]*`, no underscore, so that `namespace_name` splits one way only."""

import re

NAMESPACE = re.compile(r"[a-z][a-z0-9-]{0,31}")


def is_namespace(name: str) -> bool:
    """Whether `name` holds to the grammar."""
    return NAMESPACE.fullmatch(name) is not None


def to_namespace(name: str) -> str:
    """The nearest namespace to a name from somebody's `mcp.json`: `GitHub` -> `github`, `my_server` -> `my-server`.

    Raises:
        ValueError: nothing of the name can be kept.
    """
    candidate = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-").lstrip("0123456789-")[:32].rstrip("-")
    if not is_namespace(candidate):
        raise ValueError("a name needs at least one letter from a to z")
    return candidate
