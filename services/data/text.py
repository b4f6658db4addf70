"""Text operations by name: a new operation is a new row."""

import binascii
import hashlib
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import quote, unquote

from services.data.json_text import formatted, minified
from services.workers.job import Refused

MAX_RESULT = 1_000_000
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def apply(operation: str, text: str, find: str = "", replace: str = "") -> str | int:
    """The result of a text operation. Raises Refused for an unknown one, for text that it can't take, and for a result
    over MAX_RESULT characters."""
    if operation == REPLACE:
        return _replaced(text, find, replace)
    if operation not in OPERATIONS:
        raise Refused(f"There is no such operation. Use one of: {', '.join(NAMES)}.")
    result = OPERATIONS[operation](text)
    if isinstance(result, str) and len(result) > MAX_RESULT:
        _too_long()
    return result


def _replaced(text: str, find: str, replace: str) -> str:
    if not find:
        raise Refused("There is nothing to find. Say in `find` what `replace` takes the place of.")
    if len(text) + text.count(find) * (len(replace) - len(find)) > MAX_RESULT:
        _too_long()
    return text.replace(find, replace)


def _too_long() -> NoReturn:
    raise Refused(f"The result would be longer than {MAX_RESULT} characters. Send less text.")


def _title(text: str) -> str:
    # Unlike str.title, which makes "It'S" of "it's".
    return WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def _slug(text: str) -> str:
    """Letters and digits of any script, without their accents, and single hyphens between."""
    # Marks of their own go first: to put a long run of them in order takes time by the square of its length.
    plain = _without_marks(unicodedata.normalize("NFKD", _without_marks(text.casefold())))
    return "-".join("".join(each if each.isalnum() else " " for each in plain).split())


def _without_marks(text: str) -> str:
    return "".join(each for each in text if not unicodedata.combining(each))


def _from_base64(text: str) -> str:
    try:
        return b64decode("".join(text.split()), validate=True).decode()
    except UnicodeDecodeError:
        raise Refused(
            "The text is base64, of bytes that are no text in UTF-8. Decode it where bytes can be kept."
        ) from None
    except (binascii.Error, ValueError):
        raise Refused("The text is not base64: A to Z, a to z, 0 to 9, + and /, and = at the end.") from None


# `len` and the reversal count code points, so an accent written as a mark of its own counts by itself and ends up
# before its letter. Python has no grapheme splitting, and these operations are not worth a dependency.
OPERATIONS: dict[str, Callable[[str], str | int]] = {
    "uppercase": str.upper,
    "lowercase": str.lower,
    "title_case": _title,
    "trim": lambda text: "\n".join(line.strip() for line in text.strip().splitlines()),
    "slug": _slug,
    "reverse": lambda text: text[::-1],
    "sort_lines": lambda text: "\n".join(sorted(text.splitlines(), key=str.casefold)),
    "unique_lines": lambda text: "\n".join(dict.fromkeys(text.splitlines())),
    "length": len,
    "word_count": lambda text: len(text.split()),
    "line_count": lambda text: len(text.splitlines()),
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    "base64_encode": lambda text: b64encode(text.encode()).decode(),
    "base64_decode": _from_base64,
    "url_encode": lambda text: quote(text, safe=""),
    "url_decode": unquote,
    "json_format": formatted,
    "json_minify": minified,
}
REPLACE = "replace"
NAMES = (*OPERATIONS, REPLACE)
