"""Taking secrets out of whatever is about to be written down.

Three nets, because each has holes: the values that the configuration calls secret, wherever they turn up; fields whose
name says that they hold a secret; and texts that look like one. Too much is taken out rather than too little.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from gateway.config.masks import MASK

SHORTEST_SECRET = 6
LONGEST_TEXT = 64 * 1024
DEEPEST = 6
MOST_ITEMS = 100
LONGEST_NAME = 128

SECRET_FIELD = re.compile(
    r"(?i)authorization|bearer|cookie|secret|passw|pepper|credential|api.?key|[-_]key$|token$|jwt$|session.?id"
)


class Shape(NamedTuple):
    """What a secret looks like. `hint`, in small letters, is in every text that has one: looking for it is cheap."""

    hint: str
    pattern: re.Pattern[str]
    shown: str = MASK


def _named(word: str, value: str) -> Shape:
    """The value after a name such as `token`, in `token=…`, `"token": "…"` and `(b'token', b'…')`."""
    return Shape(word, re.compile(rf"(?i)({word}(?:[\"']?\s?[:=]\s?|[\"'],\s?)(?:b?[\"'])?){value}"), rf"\1{MASK}")


WORD = r"[^\s\"',;&)}\]]+"
LINE = r"[^\s\"'][^\"'\r\n]*"

# Each pattern begins with a fixed text and repeats nothing without a bound inside, so a text costs time in proportion
# to its length. Each also takes a secret that was cut short.
SHAPES = (
    Shape("gw_", re.compile(r"(gw_[a-z2-7]{8}_)[A-Za-z0-9_-]+"), rf"\1{MASK}"),
    Shape("eyj", re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}")),
    Shape("private key", re.compile(r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*")),
    Shape("@", re.compile(r"://[^/\s@\"'<>]+@"), f"://{MASK}@"),
    Shape("=", re.compile(r"([?&#][^=&\s?#\"'<>]{1,64}=)[^&\s\"'<>#]+"), rf"\1{MASK}"),
    *(_named(word, LINE) for word in ("authorization", "cookie")),
    *(_named(word, WORD) for word in ("token", "secret", "password", "passwd")),
    *(_named(word, WORD) for word in ("apikey", "api-key", "api_key", "session-id", "session_id")),
    # 'Bearer token' and the like are prose.
    Shape(
        "bearer",
        re.compile(rf"(?i)\b(bearer\s)(?!(?:tokens?|auth\w*|scheme)[.,:;]?(?:\s|$)){WORD}"),
        rf"\1{MASK}",
    ),
    Shape("basic", re.compile(r"\b([Bb]asic\s)(?=\S{0,64}[0-9A-Z=])[A-Za-z0-9+/=_-]{4,}"), rf"\1{MASK}"),
)


class Redactor:
    """Knows the secrets of a configuration and takes them, and what looks like one, out of texts and values."""

    def __init__(self, secrets: Iterable[str] = ()):
        self._forms: set[str] = set()
        self._longest = 0
        self.version = 0
        """Goes up with every secret: what was redacted before may have to be redacted anew."""
        self._known: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Take these out from now on, and of one with a scheme (`Bearer …`) the rest by itself.

        Texts of under 6 characters are left: they are part of too much else.
        """
        self.version += 1
        for secret in (part for whole in secrets for part in (whole, whole.partition(" ")[2])):
            if len(secret) >= SHORTEST_SECRET:
                self._forms |= {secret, quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1]}
        if self._forms:
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._longest = len(longest_first[0])
            self._known = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """`text` without secrets, and at most 64 KiB of it."""
        is_cut = len(text) > LONGEST_TEXT
        text = text[:LONGEST_TEXT]
        if self._known is not None:
            text = self._known.sub(MASK, text)
        lowered = text.lower()
        for shape in SHAPES:
            if shape.hint in lowered:
                text = shape.pattern.sub(shape.shown, text)
        # A known secret that the cut went through is not recognised any more, so its rest goes too.
        return text[: len(text) - self._longest] + " [cut]" if is_cut else text

    def value(self, value: Any, depth: int = 0) -> Any:
        """`value` without secrets, as what JSON can say: at most 6 levels deep, and 100 items of each collection."""
        if _is_harmless(value):
            return value
        if depth < DEEPEST and isinstance(value, Mapping):
            return dict(self._field(name, value[name], depth + 1) for name in list(value)[:MOST_ITEMS])
        if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return self._items(list(value)[:MOST_ITEMS], depth + 1)
        return self.text(value if isinstance(value, str) else repr(value))

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a log line without secrets.

        Most lines hold none, and one look at all their texts together finds that out at a third of the cost.
        """
        texts = [value for value in fields.values() if isinstance(value, str)]
        others = (value for value in fields.values() if not isinstance(value, str))
        if all(map(_is_harmless, others)) and not any(map(_is_secret, fields)):
            together = "\n".join(texts)
            if self.text(together) == together:
                return fields
        return self.value(fields)

    def _items(self, items: list[Any], depth: int) -> list[Any]:
        if len(items) == 2 and isinstance(items[0], str | bytes):  # a header, as ASGI and HTTP libraries hold it
            return list(self._field(items[0], items[1], depth))
        return [self.value(item, depth) for item in items]

    def _field(self, name: Any, value: Any, depth: int) -> tuple[str, Any]:
        shown = (name.decode("latin-1") if isinstance(name, bytes) else str(name))[:LONGEST_NAME]
        return self.text(shown), MASK if _is_secret(shown) else self.value(value, depth)


def _is_harmless(value: Any) -> bool:
    """Whether a value is too small to hide anything, and JSON can say it."""
    return value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return SECRET_FIELD.search(name) is not None


REDACTOR = Redactor()


def redact(secrets: Iterable[str]) -> None:
    """Keep these values out of every log line from now on."""
    REDACTOR.add(secrets)
