"""JSON as editors write it: with comments and trailing commas."""

import json
import re
from typing import Any

STRING = r'"(?:[^"\\\n]|\\.)*"'
# Possessive and atomic: a comment is never tried as a shorter one, which would take time without end.
COMMENT = r"//[^\n]*+|(?>/\*.*?\*/)"
NOISE = re.compile(rf"(?P<string>{STRING})|{COMMENT}|,(?=(?:\s|{COMMENT})*+[}}\]])", re.DOTALL)


def loads(text: str) -> Any:
    """Parse it; line numbers in errors are those of the text.

    Raises:
        ValueError: it is not JSON, in words that name the line and repeat nothing of the text.
    """
    try:
        return json.loads(NOISE.sub(_blank, text))
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _blank(match: re.Match[str]) -> str:
    """A string as it is; of all else only its line breaks and width."""
    return match["string"] or re.sub(r"[^\n]", " ", match.group())
