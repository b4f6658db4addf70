"""Reads a database url, and says which database it names without its password."""

from dataclasses import dataclass

from fastmcp.exceptions import ToolError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"
_DRIVERS = {
    "sqlite": SQLITE,
    SQLITE: SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
# The drivers take what is in the query of a url as arguments and fail on others without a useful word.
_OPTIONS = {
    SQLITE: frozenset({"cache", "immutable", "mode", "uri"}),
    POSTGRESQL: frozenset({"host", "passfile", "port", "ssl", "target_session_attrs"}),
}


@dataclass(frozen=True)
class Address:
    """Where the database is: its url for SQLAlchemy, and the words that name it in an error."""

    url: URL
    label: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.drivername == SQLITE


def parse_address(text: str) -> Address:
    """The address in a database url. Raises ToolError, without the url, when it is none that this service can use."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ToolError(
            "The database url cannot be read. Write it as sqlite+aiosqlite:///path or "
            "postgresql+asyncpg://user:password@host:port/name, special characters percent-encoded."
        ) from error
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ToolError(f"The database url has an unknown driver. Use {SQLITE} or {POSTGRESQL}.")
    url = _with_known_options(url.set(drivername=driver))
    return Address(url, _sqlite_label(url) if driver == SQLITE else _postgresql_label(url))


def _with_known_options(url: URL) -> URL:
    # libpq's name of the option, as managed databases hand it out.
    options = {("ssl" if name == "sslmode" else name): value for name, value in url.query.items()}
    known = _OPTIONS[url.drivername]
    if not known.issuperset(options):
        raise ToolError(f"The database url has an unknown option. Known are {', '.join(sorted(known))}.")
    return url.set(query=options)


def _sqlite_label(url: URL) -> str:
    if url.database in (None, "", ":memory:"):
        raise ToolError("The database url names no file, and one in memory would be lost. Name a file in the url.")
    return f"The SQLite database {url.database!r}"


def _postgresql_label(url: URL) -> str:
    host = url.host or url.query.get("host", "localhost")
    port = url.port or url.query.get("port", "5432")
    return f"The PostgreSQL database {url.database!r} at {host}:{port}"
