"""Whether a principal may use a route: scopes in, a decision out, and no I/O.

A scope is one of:

- `*`: everything;
- `namespace:verb`, with `*` allowed on either side but not on both;
- a public name of a tool or prompt, in which `*` stands for any characters: `data_query`, `data_*`.

The verb `read` is for resources, templates, prompts, and tools that say they are read-only; `write` is for all other
tools. Neither implies the other. A scope that is none of these, as an issuer may put into a token, grants nothing.
"""

import re
from fnmatch import fnmatchcase
from functools import lru_cache

from gateway.config.names import is_namespace
from gateway.model.decision import Decision
from gateway.model.principal import Principal
from gateway.model.route import Route

VERBS = ("read", "write")
VERBS_OF_SCOPES = (*VERBS, "*")
NAME_SCOPE = re.compile(r"[A-Za-z0-9_*-]{1,64}")
REMEMBERED_DECISIONS = 16_384


def decide(principal: Principal, route: Route) -> Decision:
    """Whether `principal` may use `route`: by which scope, or else which scopes would allow it."""
    return _decide(principal.scopes, route.namespace, _verb(route), _name(route))


def least_scope(route: Route) -> str:
    """The one scope to ask an issuer for, which opens `route` and the least beside it of those that an issuer may know:
    names of tools come and go."""
    return f"{route.namespace}:{_verb(route)}"


def _verb(route: Route) -> str:
    return "read" if route.read_only or route.kind != "tool" else "write"


def _name(route: Route) -> str:
    """The name that a scope can match; empty for resources and templates, which have URIs."""
    return route.public if route.kind in ("tool", "prompt") else ""


def _required(namespace: str, verb: str, name: str) -> tuple[str, ...]:
    """Every scope that would do, the narrowest first; patterns aside, of which there is no end."""
    wider = (f"{namespace}:{verb}", f"{namespace}:*", f"*:{verb}", "*")
    return (name, *wider) if name else wider


@lru_cache(REMEMBERED_DECISIONS)
def _decide(scopes: frozenset[str], namespace: str, verb: str, name: str) -> Decision:
    required = _required(namespace, verb, name)
    granting = [scope for scope in required if scope in scopes] + _matching_patterns(scopes, name)
    if granting:
        return Decision(True, f"granted by the scope {granting[0]}", required)
    return Decision(False, f"needs one of the scopes {', '.join(required)}", required)


def _matching_patterns(scopes: frozenset[str], name: str) -> list[str]:
    patterns = sorted(scope for scope in scopes if "*" in scope and NAME_SCOPE.fullmatch(scope))
    return [pattern for pattern in patterns if name and fnmatchcase(name, pattern)]


def check_scope(scope: str) -> str:
    """The scope itself, when it holds to the grammar and can grant something.

    Raises:
        ValueError: it cannot; the message says what to write instead.
    """
    if scope == "*" or _is_namespace_scope(scope) or _is_name_scope(scope):
        return scope
    if is_namespace(scope):
        raise ValueError(f"'{scope}' names a whole namespace: write `{scope}:read`, `{scope}:write` or `{scope}:*`")
    raise ValueError(
        "A scope is `*`, `namespace:read`, `namespace:write`, `namespace:*`, `*:read`, `*:write`, "
        "or a tool's public name such as `data_query` or `data_*`"
    )


def _is_namespace_scope(scope: str) -> bool:
    namespace, colon, verb = scope.partition(":")
    if not colon or namespace == verb == "*":
        return False
    return (namespace == "*" or is_namespace(namespace)) and verb in VERBS_OF_SCOPES


def _is_name_scope(scope: str) -> bool:
    return NAME_SCOPE.fullmatch(scope) is not None and ("_" in scope or "*" in scope)
