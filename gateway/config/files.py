"""Reading text that a configuration names, with every failure in words."""

from collections.abc import Mapping
from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024
"""Of one file: clients keep their `mcpServers` in files that hold much else, some of several megabytes."""


class Unreadable(Exception):
    """A file cannot be read; the message says why and does not name it."""


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, without its byte order mark.

    Raises:
        Unreadable: it is not there, not a file, not ours to read, too long, or not text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise Unreadable(f"is longer than {MAX_BYTES} bytes")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise Unreadable("is not there") from None
    except IsADirectoryError:
        raise Unreadable("is a folder") from None
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text") from None
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL character in the path
        raise Unreadable("is not a path") from None


def home(environ: Mapping[str, str]) -> Path:
    """The user's home, as the environment at hand says it."""
    named = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(named) if named else Path.home()


def resolve(text: str, folder: Path, environ: Mapping[str, str]) -> Path:
    """A path as written in a file of `folder`: `~` is the user's home, a relative one hangs on the folder."""
    if text == "~" or text.startswith(("~/", "~\\")):
        return home(environ) / text[2:]
    return folder / text
