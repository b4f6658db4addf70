"""JSON laid out anew, token by token: numbers keep their digits, and equal keys stay."""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from services.workers.job import Refused

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]|[^][{},:"\s]+')
INDENT = "  "
MAX_DEPTH = 200


def formatted(text: str) -> str:
    """`text` with each member on a line of its own. Raises Refused when it is not JSON."""
    return "".join(_laid_out(_tokens(text)))


def minified(text: str) -> str:
    """`text` without blanks between tokens. Raises Refused when it is not JSON."""
    return "".join(_tokens(text))


def _tokens(text: str) -> list[str]:
    try:
        # As texts, since numbers of very many digits are no numbers to Python.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Refused(f"The text is not JSON from line {error.lineno}, column {error.colno} on. Correct it.") from None
    except RecursionError:
        raise Refused("The JSON is nested too deeply. Send an inner part of it.") from None
    return TOKEN.findall(text)


def _no_constant(name: str) -> NoReturn:
    raise Refused(f"The text is not JSON, which has no {name}. Use null, or a text.")


def _laid_out(tokens: list[str]) -> Iterator[str]:
    depth = 0
    for number, token in enumerate(tokens):
        if token in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise Refused(f"The JSON is nested more than {MAX_DEPTH} deep. Use json_minify, or send an inner part.")
            is_empty = tokens[number + 1] in ("]", "}")
            yield token if is_empty else f"{token}\n{INDENT * depth}"
        elif token in ("]", "}"):
            depth -= 1
            yield token if tokens[number - 1] in ("[", "{") else f"\n{INDENT * depth}{token}"
        else:
            yield f",\n{INDENT * depth}" if token == "," else ": " if token == ":" else token
