"""Turns what goes wrong in a database into words: what failed, why, what to do. Never a value, never a password.

Drivers' own messages are not passed on, for PostgreSQL's hold the values of the row.
"""

import os
import re
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from fastmcp.exceptions import ToolError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class _Words(NamedTuple):
    reason: str
    cure: str


_DUPLICATE = _Words("already has a row with the same value where each must differ", "Use another, or update that row.")
_EMPTY = _Words("has a column that must not be empty", "Give it a value.")
_REFERENCE = _Words("ties this row to one of another table", "Name a row that exists, or change the other one first.")
_RULE = _Words("has a constraint that this row breaks", "Use other values.")
_LOCKED = _Words("is locked by another process", "Try again later.")
_READ_ONLY = _Words("may only be read", "Use a database, and a user or a folder, that may be written.")
_CHANGED = _Words("has no such table, column or comparison", "Look at its tables with the schema tool.")
_UNKNOWN = _Words("refused the statement", "Check the table, the columns and their types with the schema tool.")

# By PostgreSQL's SQLSTATE or its class (the first two characters), and by SQLite's result code or its first two words:
# https://www.postgresql.org/docs/current/errcodes-appendix.html and https://sqlite.org/rescode.html
_BY_CODE = {
    "08": _Words("broke the connection", "Check that it is up, and try again later."),
    "22": _Words("was given a value that does not fit its column", "Look at types and lengths with the schema tool."),
    "23": _RULE,
    "23502": _EMPTY,
    "23503": _REFERENCE,
    "23505": _DUPLICATE,
    "25006": _READ_ONLY,
    "28": _Words("refuses the user or the password", "Check both in the database url."),
    "3D": _Words("does not exist", "Check its name in the database url, or create it."),
    "40": _Words("was changed by others at the same moment", "Try again."),
    "42": _CHANGED,
    "42501": _Words("does not let its user do this", "Grant the right, or use another user in the database url."),
    "53": _Words("has no room or no connection left", "Try again later."),
    "55": _LOCKED,
    "57": _Words("is starting, stopping or stopped the statement", "Try again later."),
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_CANTOPEN": _Words("cannot be opened", "Check the path in the database url, and the rights to its folder."),
    "SQLITE_CONSTRAINT": _RULE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": _REFERENCE,
    "SQLITE_CONSTRAINT_NOTNULL": _EMPTY,
    "SQLITE_CONSTRAINT_PRIMARYKEY": _DUPLICATE,
    "SQLITE_CONSTRAINT_UNIQUE": _DUPLICATE,
    "SQLITE_CORRUPT": _Words("is damaged", "Restore it from a copy."),
    "SQLITE_ERROR": _CHANGED,
    "SQLITE_FULL": _Words("has no room left on its disk", "Free some, then try again."),
    "SQLITE_NOTADB": _Words("is a file of another kind", "Check the path in the database url."),
    "SQLITE_READONLY": _READ_ONLY,
}
# Stopped by SQLite's own deadline, or by PostgreSQL's statement_timeout.
_TOO_LONG = frozenset({"SQLITE_INTERRUPT", "57014"})
_UNSURE = " Whether the change was made is not known: read the rows before trying it again."
_SQLITE_SUBJECT = re.compile(r"(?:UNIQUE|NOT NULL|CHECK) constraint failed: (.+)")


@contextmanager
def told_plainly(label: str, seconds: float, write: bool) -> Generator[None]:
    """Raise ToolError for whatever of the database's own goes wrong inside; `label` names the database in it.

    When the answer to a `write` never came, the error says that it may have been done.
    """
    late = f"{label} did not answer within {seconds:g} s. Check that it is up and not busy, or ask for less."
    try:
        yield
    except TimeoutError as error:
        raise ToolError(late + (_UNSURE if write else "")) from error
    except (OSError, UnicodeError) as error:
        raise ToolError(f"{label} cannot be reached: {_system_reason(error)}. Check the database url.") from error
    except DBAPIError as error:
        code = _code(error)
        if code in _TOO_LONG:
            raise ToolError(late) from error
        words = _words(code)
        unsure = _UNSURE if write and error.connection_invalidated else ""
        raise ToolError(f"{label} {words.reason}{_subject(error)}. {words.cure}{unsure}") from error
    except SQLAlchemyError as error:
        raise ToolError(f"{label} {_UNKNOWN.reason}. {_UNKNOWN.cure}") from error


def _system_reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "its host name does not resolve"
    return os.strerror(error.errno).lower() if error.errno else "the connection failed"


def _code(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or ""


def _words(code: str) -> _Words:
    sqlite_kind = "_".join(code.split("_")[:2])
    return _BY_CODE.get(code) or _BY_CODE.get(sqlite_kind) or _BY_CODE.get(code[:2]) or _UNKNOWN


def _subject(error: DBAPIError) -> str:
    """The constraint or column that refused, in brackets; these are names of the schema, never of the call."""
    driver_error = error.orig.__cause__ if error.orig else None
    name = getattr(driver_error, "constraint_name", None) or getattr(driver_error, "column_name", None)
    if name is None and (match := _SQLITE_SUBJECT.match(str(error.orig))):
        name = match[1]
    return f" ({name})" if name else ""
