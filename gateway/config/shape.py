"""What may stand where in a configuration, read off the model: for variables' names and for the cure of a wrong key."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel

from gateway.config.model import GatewayConfig

Shape = Any
"""An annotation of the model: a section, `dict[str, ...]`, `tuple[...]`, a scalar, or FREE."""

ROOT: Shape = GatewayConfig
FREE: Shape = Any
"""A service's own settings: known to the service alone."""


def is_table(shape: Shape) -> bool:
    """Whether its keys are fields of a section."""
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def is_map(shape: Shape) -> bool:
    """Whether its keys are names that the user chose."""
    return get_origin(shape) is dict


def is_list(shape: Shape) -> bool:
    """Whether it is an array."""
    return get_origin(shape) is tuple


def keys(shape: Shape) -> tuple[str, ...]:
    """The keys that a section knows, in the model's order; none where the user chooses them."""
    if not is_table(shape):
        return ()
    return tuple(name for name, field in shape.model_fields.items() if not field.exclude)


def below(shape: Shape, key: str | int) -> Shape | None:
    """The shape of what stands at `key`; None if nothing may stand there."""
    if shape is FREE:
        return FREE
    if is_map(shape):
        return _bare(get_args(shape)[1])
    if is_list(shape):
        return _bare(get_args(shape)[0])
    if key in keys(shape):
        return _bare(shape.model_fields[key].annotation)
    return FREE if is_table(shape) and shape.model_config.get("extra") == "allow" else None


def _bare(annotation: Any) -> Shape:
    """The annotation without `Annotated` and without `| None`."""
    for candidate in (annotation, *get_args(annotation)):
        if is_table(candidate) or is_map(candidate) or is_list(candidate):
            return candidate
    return annotation
