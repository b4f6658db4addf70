"""Parsing TOML, with the line in every complaint."""

import tomllib
from typing import Any

from gateway.errors import ConfigurationError, Fault


def parse(text: str, file: str) -> dict[str, Any]:
    """The text as plain values; `file` is what the user calls it.

    Raises:
        ConfigurationError: one fault, with the line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).removesuffix(")").rpartition(" (at ")
        if place == "end of document":
            place = f"line {text.count(chr(10)) + 1}, the last"
        fault = Fault(file, "", f"is not TOML: {place}: {problem}", "mend that line; nothing else was checked yet")
    except RecursionError:
        fault = Fault(file, "", "is not TOML: it is nested too deeply")
    raise ConfigurationError([fault])
