"""A request's headers by name, made once for all the layers that look at them."""

from collections.abc import Mapping

from starlette.types import Scope

from gateway.ground.heads import BY_NAME, by_name

Headers = Mapping[bytes, bytes]


def headers_of(scope: Scope) -> Headers | None:
    """The headers; None where any is there twice: which of them counts is for those to say who look more closely."""
    made = scope.get(BY_NAME)
    if made is None:
        made = by_name(scope["headers"])
        if made is not None:
            scope[BY_NAME] = made
    return made


def says(scope: Scope, name: bytes, value: bytes) -> bool:
    """Whether a header has that value, be it one of several of its name."""
    headers = headers_of(scope)
    return headers.get(name) == value if headers is not None else (name, value) in scope["headers"]


def with_headers(scope: Scope, headers: list[tuple[bytes, bytes]], **others: object) -> Scope:
    """The same request with other headers."""
    changed = {**scope, **others, "headers": headers}
    changed.pop(BY_NAME, None)
    return changed
