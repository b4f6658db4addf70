"""Finds the secrets in plain strings, so that a configuration can be shown: too much masked beats one secret seen."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import SecretStr

MASK = "****"

HINT = re.compile(
    r"token|secret|passw|passphrase|pwd|credential|private|bearer|cookie|signature|pepper|authorization|api[-_]?key"
    r"|(^|[-_.])(auth|key|pat|sig)($|[-_.])",
    re.IGNORECASE,
)
"""A name that says its value is a secret."""
SECRET_TABLES = frozenset({"env", "headers", "auth"})
"""Tables in a service's settings whose every value is masked, as those of an upstream are."""

KNOWN_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|gw|gh[a-z]|github_pat|glpat|hf|npm|pypi|ntn|lin_api|figd|tvly|gsk|xox[a-z]|xapp)[-_][\w.+/=-]{8,}"
    r"|(?:AKIA|ASIA|AIza|eyJ|ya29\.|SG\.)[\w.+/=-]{8,})"
)
"""Words that begin as the keys of widely used services do."""
RUN = re.compile(r"[A-Za-z0-9]{16,}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>[^\s\"'<>]*)")
USERINFO = re.compile(r"^(?:[^/?#]*@|[^/?#@:]*:(?!\d+(?:[/?#]|$))[^@]*@)")
"""RFC 3986, section 3.2.1, and also a password with an unescaped `/`, which people do write."""
QUERY_VALUE = re.compile(r"=[^&#]*")
ASSIGNED = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)[\"']?\s*[:=]\s*(?!//)(?=\S)")

NAMED_VALUE = frozenset({"-e", "--env", "-H", "--header"})
"""Options of docker and mcp-remote that take NAME=VALUE or `NAME: VALUE`."""


def looks_secret(word: str) -> bool:
    """Whether a word has the look of a key: a known beginning, or a long run of letters and digits mixed."""
    if KNOWN_SECRET.search(word) or UUID.search(word):
        return True
    return any(re.search("[0-9]", run) and re.search("[A-Za-z]", run) for run in RUN.findall(word))


def mask_url(text: str) -> str:
    """A text with its URLs stripped of userinfo, query values, fragment and path segments that look like keys."""
    return URL.sub(lambda url: url["scheme"] + _rest_of_url(url["rest"]), text)


def _rest_of_url(rest: str) -> str:
    rest = USERINFO.sub(f"{MASK}@", rest)
    rest, fragment, _ = rest.partition("#")
    place, mark, query = rest.partition("?")
    host, *segments = place.split("/")
    place = "/".join([host, *(MASK if looks_secret(segment) else segment for segment in segments)])
    values = QUERY_VALUE.sub(f"={MASK}", query) if "=" in query else MASK if query else ""
    return f"{place}{mark}{values}{fragment}{MASK if fragment else ''}"


def mask_text(text: str) -> str:
    """A text without what stands in it as JSON, as the value of a name that hints at a secret, in a URL, or like a key.

    From a hinting name on, all is masked: where its value ends cannot be told.
    """
    if text.lstrip().startswith(("{", "[")):
        return MASK
    for assigned in ASSIGNED.finditer(text):
        if HINT.search(assigned["name"]):
            return mask_text(text[: assigned.start()]) + text[assigned.start() : assigned.end()] + MASK
    return re.sub(r"\S+", lambda word: _word(word.group()), mask_url(text))


def _word(word: str) -> str:
    if "://" in word:
        return word
    if word.startswith(("/", ".", "~", "@")):
        return "/".join(MASK if looks_secret(part) else part for part in word.split("/"))
    return MASK if looks_secret(word) else word


def mask_arguments(arguments: Iterable[str]) -> list[str]:
    """A program's arguments: also the value after an option that hints at a secret, and after docker's `-e`."""
    masked = []
    option = ""
    for argument in arguments:
        if HINT.search(option) and not argument.startswith("--"):
            masked.append(MASK)
        elif option in NAMED_VALUE:
            masked.append(re.sub(r"(?s)([=:]\s*).+", rf"\1{MASK}", argument, count=1))
        else:
            masked.append(mask_text(argument))
        option = argument if argument.startswith("-") and "=" not in argument else ""
    return masked


def mask_settings(value: Any, *, secret: bool = False) -> Any:
    """A service's own settings: every value below a name that hints at a secret, and every text as `mask_text`."""
    if isinstance(value, dict):
        return {
            key: mask_settings(inner, secret=secret or key in SECRET_TABLES or bool(HINT.search(key)))
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [mask_settings(inner, secret=secret) for inner in value]
    if isinstance(value, bool) or value is None or value == "":
        return value
    if secret:
        return MASK
    return mask_text(value) if isinstance(value, str) else plain(value)


def plain(value: Any) -> Any:
    """A dumped value as JSON has it, secrets masked; an empty secret stays empty, for it shows that one is missing."""
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | None) else str(value)
