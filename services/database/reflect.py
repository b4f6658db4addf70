"""Reads which tables a database has, as SQLAlchemy tables to build statements on and as records to show."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import Column, Connection, Dialect, Inspector, MetaData, Table, event, types
from sqlalchemy.ext.asyncio import AsyncConnection

Tables = Mapping[str, Table]


class ColumnInfo(BaseModel, frozen=True):
    """One column."""

    name: str
    type: Annotated[str, Field(description="The type as declared in the database.")]
    nullable: bool


class ForeignKeyInfo(BaseModel, frozen=True):
    """Columns of one table that refer to a row of another."""

    columns: list[str]
    references: Annotated[str, Field(description="The other table.")]
    referenced_columns: list[str]


class TableInfo(BaseModel, frozen=True):
    """One table."""

    name: str
    columns: list[ColumnInfo]
    primary_key: Annotated[list[str], Field(description="Columns of the primary key, in its order.")]
    foreign_keys: list[ForeignKeyInfo]


async def reflect(connection: AsyncConnection) -> Tables:
    """The tables of the database's default schema, by name; views and system tables left out."""
    return await connection.run_sync(_reflect)


def describe(table: Table) -> TableInfo:
    """The table as a record to show."""
    return TableInfo(
        name=table.name,
        columns=[describe_column(column) for column in table.columns],
        primary_key=[column.name for column in table.primary_key.columns],
        foreign_keys=sorted(
            (
                ForeignKeyInfo(
                    columns=list(key.column_keys),
                    references=key.referred_table.fullname,
                    referenced_columns=[element.column.name for element in key.elements],
                )
                for key in table.foreign_key_constraints
            ),
            key=lambda key: key.columns,
        ),
    )


def describe_column(column: Column[Any]) -> ColumnInfo:
    """The column as a record to show."""
    return ColumnInfo(name=column.name, type=column.info["declared"], nullable=bool(column.nullable))


def _reflect(connection: Connection) -> Tables:
    metadata = MetaData()
    event.listen(metadata, "column_reflect", _adapt)
    metadata.reflect(connection)
    return {table.name: table for table in metadata.tables.values() if table.schema is None}


def _adapt(inspector: Inspector, _table: Table, column: dict[str, Any]) -> None:
    column["info"] = {"declared": _declared(column["type"], inspector.dialect)}
    if inspector.dialect.name == "sqlite":
        column["type"] = _as_stored(column["type"])
    if isinstance(column["type"], types.JSON):
        column["type"].none_as_null = True


def _declared(declared: types.TypeEngine[Any], dialect: Dialect) -> str:
    if isinstance(declared, types.NullType):
        return "unknown"
    name = declared.compile(dialect)
    return f"{name} ({', '.join(declared.enums)})" if isinstance(declared, types.Enum) else name


def _as_stored(declared: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    # SQLite has neither dates nor decimals: it keeps texts and floats, in whatever form they were written.
    # Converting them would fail on other forms, and would compare with '00:00:00.000000' where '00:00:00' is stored.
    if isinstance(declared, types.DateTime | types.Date | types.Time):
        return types.String()
    if isinstance(declared, types.Numeric) and not isinstance(declared, types.Float):
        return types.Float()
    return declared
