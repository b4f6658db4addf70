"""What an operator may set of the database service."""

from pydantic import BaseModel, ByteSize, Field


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which database, and the limits of one call."""

    url: str = Field(
        default="sqlite+aiosqlite:///var/gateway.db",
        repr=False,  # It may hold a password.
        description="A SQLite file (sqlite+aiosqlite:///path, relative to the working directory, made at first use) "
        "or a PostgreSQL database (postgresql+asyncpg://user:password@host/name; postgresql:// and postgres:// too).",
    )
    timeout: float = Field(
        default=5.0, gt=0, description="Seconds that one call may take in all, connecting to the database included."
    )
    max_rows: int = Field(default=1000, ge=1, description="Rows that one call may read or insert at most.")
    max_bytes: ByteSize = Field(
        default=ByteSize(2**20), ge=1_024, description="Size of a result at most, as JSON: bytes, or like '1MiB'."
    )
    seed: bool | None = Field(
        default=None,
        description="Whether an empty database is given the sample tables users and products. By default a SQLite "
        "file made by this service is, and a PostgreSQL database is not. A database with tables never is.",
    )
