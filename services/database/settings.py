"""What an operator may set of the database service."""

from typing import Annotated

from pydantic import BaseModel, ByteSize, Field, model_validator

DEFAULT = "default"
DatabaseName = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,63}$")]


class Source(BaseModel, frozen=True, extra="forbid"):
    """One database."""

    url: str = Field(
        repr=False,  # It may hold a password.
        description="A SQLite file (sqlite+aiosqlite:///path, relative to the working directory, made at first use) "
        "or a PostgreSQL database (postgresql+asyncpg://user:password@host/name; postgresql:// and postgres:// too).",
    )
    seed: bool | None = Field(
        default=None,
        description="Whether an empty database is given the sample tables. By default a SQLite file made by this "
        "service is, and a PostgreSQL database is not. A database with tables never is.",
    )
    sql_role: str | None = Field(
        default=None,
        description="The PostgreSQL role that the tool sql works as, such as one that may only SELECT; by default the "
        "url's user.",
    )


class Settings(Source, frozen=True, extra="forbid"):
    """Which databases, and the limits of one call."""

    url: str = Field(
        default="sqlite+aiosqlite:///var/gateway.db", repr=False, description=Source.model_fields["url"].description
    )
    databases: dict[DatabaseName, Source] = Field(
        default={}, description="Further databases by name, each with url, seed and sql_role of its own."
    )
    timeout: float = Field(
        default=5.0, gt=0, description="Seconds that one call may take in all, connecting to the database included."
    )
    max_rows: int = Field(default=1000, ge=1, description="Rows that one call may read or insert at most.")
    max_bytes: ByteSize = Field(
        default=ByteSize(2**20), ge=1_024, description="Size of a result at most, as JSON: bytes, or like '1MiB'."
    )
    memory_limit: ByteSize = Field(
        default=ByteSize(64 * 2**20),
        ge=2**20,
        description="Memory that the tool sql may use on a SQLite file: bytes, or like '64MiB'.",
    )
    workers: int = Field(default=2, ge=1, description="Processes that check SQL, and run it on SQLite files.")

    @model_validator(mode="after")
    def _default_is_taken(self) -> "Settings":
        if DEFAULT in self.databases:
            raise ValueError(f"'{DEFAULT}' is the database of the key url. Give the other one another name")
        return self

    def sources(self) -> dict[str, Source]:
        """All databases by name, the default one first."""
        return {DEFAULT: self, **self.databases}
