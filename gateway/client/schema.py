"""A tool's arguments, as its `inputSchema` has them: for help, for flags, and to see what is wrong before a call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.validators import extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

Schema = Mapping[str, Any]

MOST_FAULTS = 10
MOST_REFERENCES = 20
KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a JSON object",
    "null": "null",
}
"""Types of JSON Schema in words."""


@dataclass(frozen=True)
class Parameter:
    """One argument of a tool. `kinds` are types of JSON Schema without `null`; empty if any value will do."""

    name: str
    kinds: frozenset[str]
    item_kinds: frozenset[str]
    required: bool
    choices: tuple[Any, ...]
    default: Any
    description: str

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices[:20]))
        if self.kinds == {"array"} and self.item_kinds:
            return f"{words(self.item_kinds)}, repeatable"
        return words(self.kinds)


def words(kinds: frozenset[str]) -> str:
    """Types of JSON Schema in words."""
    return " or ".join(text for kind, text in KINDS.items() if kind in kinds) or "any value"


def parameters_of(schema: Schema) -> dict[str, Parameter]:
    """The arguments that a tool names, in its order."""
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, Mapping):
        return {}
    return {
        name: _parameter(name, each, schema, isinstance(required, list) and name in required)
        for name, each in properties.items()
        if isinstance(each, Mapping)
    }


def faults_of(schema: Schema, arguments: Mapping[str, Any]) -> list[str]:
    """What is wrong with these arguments, without a value of them; nothing where the schema itself is not sound.

    References are followed within the schema only, and nothing is fetched. Patterns are left to the server: one that
    it made up to take for ever must not run here.
    """
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
        found = islice(_without_patterns(kind)(schema, registry=Registry()).iter_errors(arguments), MOST_FAULTS)
        return list(dict.fromkeys(text for error in found for text in _told(error)))
    except (SchemaError, Unresolvable, RecursionError):
        return []  # the server, which wrote it, may know better


def _without_patterns(kind: Any) -> Any:
    def unchecked(*_: Any) -> Iterator[ValidationError]:
        return iter(())

    def extra(validator: Any, value: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        if "patternProperties" not in schema:
            yield from kind.VALIDATORS["additionalProperties"](validator, value, instance, schema)

    return extend(kind, {"pattern": unchecked, "patternProperties": unchecked, "additionalProperties": extra})


def _parameter(name: str, own: Schema, root: Schema, required: bool) -> Parameter:
    forms = list(_forms(own, root, [MOST_REFERENCES]))
    choices = tuple(value for form in forms for value in _values(form))
    items = [form["items"] for form in forms if isinstance(form.get("items"), Mapping)]
    text = own.get("description") or next((form["description"] for form in forms if form.get("description")), "")
    return Parameter(
        name=name,
        kinds=_kinds(forms),
        item_kinds=_kinds([form for each in items for form in _forms(each, root, [MOST_REFERENCES])]),
        required=required,
        choices=tuple(value for value in choices if value is not None),
        default=own.get("default"),
        description=str(text),
    )


def _forms(schema: Schema, root: Schema, left: list[int]) -> Iterator[Schema]:
    """The plain schemas that one stands for: through references within the document, and unions."""
    left[0] -= 1
    if left[0] < 0:
        return
    reference = schema.get("$ref")
    branches = [each for key in ("anyOf", "oneOf", "allOf") for each in schema.get(key) or ()]
    if isinstance(reference, str):
        there = _at(reference, root)
        if there is not None:
            yield from _forms(there, root, left)
    elif branches:
        for each in branches:
            if isinstance(each, Mapping):
                yield from _forms(each, root, left)
    else:
        yield schema


def _at(reference: str, root: Schema) -> Schema | None:
    there: Any = root
    if not reference.startswith("#/"):
        return None
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(there, Mapping) or name not in there:
            return None
        there = there[name]
    return there if isinstance(there, Mapping) else None


def _values(form: Schema) -> tuple[Any, ...]:
    if "const" in form:
        return (form["const"],)
    return tuple(form["enum"]) if isinstance(form.get("enum"), list) else ()


def _kinds(forms: list[Schema]) -> frozenset[str]:
    found: set[str] = set()
    for form in forms:
        named = form.get("type")
        if named is None and not (values := _values(form)):
            return frozenset()
        elif named is None:
            found |= {_kind_of(value) for value in values}
        else:
            found |= set(named) if isinstance(named, list) else {str(named)}
    return frozenset(found & KINDS.keys() - {"null"})


def _kind_of(value: Any) -> str:
    for kind, types in (("boolean", bool), ("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, types):
            return kind
    return "null" if value is None else "object"


def _told(error: ValidationError) -> Iterator[str]:
    """One fault in words that hold nothing of the value."""
    where = ".".join(str(part)[:100] for part in error.absolute_path)
    match error.validator:
        case "required" if isinstance(error.instance, Mapping) and isinstance(error.validator_value, list):
            missing = [name for name in error.validator_value if name not in error.instance]
            yield from (f"'{'.'.join(filter(None, (where, name)))}' is missing" for name in missing)
        case "additionalProperties" if isinstance(error.instance, Mapping):
            known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
            extra = [name for name in error.instance if name not in known]
            yield from (f"there is no '{'.'.join(filter(None, (where, str(name)[:100])))}'" for name in extra)
        case "type":
            named = error.validator_value
            kinds = frozenset(named if isinstance(named, list) else [named])
            yield f"'{where}' must be {words(kinds)}"
        case "enum" | "const":
            values = error.validator_value if error.validator == "enum" else [error.validator_value]
            yield f"'{where}' must be one of {', '.join(map(str, values[:20]))}"
        case rule:
            limit = error.validator_value
            of = f" of {limit}" if isinstance(limit, int | float) else ""
            yield f"'{where or 'the whole'}' does not keep to {rule}{of}"
