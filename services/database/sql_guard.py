"""What a caller's SQL may be: one statement that only reads, over tables and harmless functions.

It is the first of two guards. The second is the engine's own: see `sqlite_sql` and `postgresql_sql`. Whatever is not
known to be harmless is refused, since parser and engine may differ in how they read a text.
"""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from services.workers.job import Refused

ONE_SELECT = "Send one SELECT; WITH, VALUES, UNION, INTERSECT and EXCEPT are fine too."
UNREADABLE = "The SQL can't be parsed. Correct it; the dialect is that of {}."
NOT_READING = f"The SQL holds something that does more than read. {ONE_SELECT}"
TOO_DEEP = "The SQL is nested too deeply. Flatten it, for instance with WITH."

_DIALECTS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
_ROOTS = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery)
_REFUSED = (
    exp.DML,
    exp.DDL,
    exp.Command,
    exp.Copy,
    exp.Drop,
    exp.Alter,
    exp.Set,
    exp.Pragma,
    exp.Attach,
    exp.Detach,
    exp.Transaction,
    exp.Into,
    exp.Lock,
    exp.Placeholder,
    exp.Parameter,
    exp.SessionParameter,
)
# Whatever begins so belongs to the engine and not to its owner's data.
_SYSTEM = ("pg_", "sqlite_", "pragma_", "dbstat", "information_schema", "bytecode", "tables_used")

# Expressions that the parser counts among functions, although they are syntax.
_SYNTAX = (exp.Connector, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Exists, exp.Array)
_NAMES = """
abs acos age array_agg array_length ascii asin atan atan2 avg bool_and bool_or btrim cbrt ceil ceiling char_length chr
coalesce concat concat_ws corr cos count cume_dist current_date current_time current_timestamp date date_bin date_part
date_trunc datetime day degrees dense_rank div every exp explode exploding_generate_series extract first_value floor
format_date generate_series greatest group_concat grouping ifnull iif initcap instr json_agg json_array_length
json_build_object json_extract json_extract_path json_extract_path_text json_extract_scalar json_group_array
json_group_object json_object_agg json_type jsonb_agg jsonb_array_length jsonb_extract jsonb_extract_scalar julianday
lag last_value lead least left length ln localtime localtimestamp log log10 log2 logical_and logical_or lower ltrim
make_date max md5 median min mod mode month now nth_value ntile nullif octet_length percent_rank percentile_cont
percentile_disc pi pow power quarter radians random rank replace reverse right round row_number rtrim sign sin
split_part sqrt stddev stddev_pop stddev_samp str_position str_to_date str_to_time strftime string_agg strpos substr
substring sum tan time time_to_str time_to_unix timestamp timestamp_trunc to_char to_date to_number total trim trunc
ts_or_ds_to_date ts_or_ds_to_timestamp typeof unicode unixepoch unnest upper var_pop var_samp variance variance_pop
width_bucket year
"""
FUNCTIONS = frozenset(_NAMES.split())


def check(sql: str, dialect: str) -> str:
    """The statement alone, without what ends it. Raises Refused when it may not run.

    `dialect` is sqlite or postgres. Nesting takes the interpreter's stack: call this where that ends nothing else.
    """
    try:
        statements = [each for each in sqlglot.parse(sql, dialect=dialect) if not _is_empty(each)]
    except RecursionError:
        raise Refused(TOO_DEEP) from None
    except (SqlglotError, ValueError) as error:
        raise Refused(UNREADABLE.format(_DIALECTS[dialect])) from error
    if len(statements) != 1:
        raise Refused(f"The SQL does not hold exactly one statement. {ONE_SELECT}")
    root = statements[0]
    if not isinstance(root, _ROOTS):
        raise Refused(f"Only statements that read are allowed here. {ONE_SELECT}")
    for node in root.walk():
        _refuse_unsafe(node)
    return _alone(sql, dialect)


def _is_empty(statement: exp.Expr | None) -> bool:
    """What the parser makes of the place behind a semicolon."""
    return statement is None or isinstance(statement, exp.Semicolon)


def _refuse_unsafe(node: exp.Expr) -> None:
    if isinstance(node, _REFUSED):
        raise Refused(NOT_READING)
    if isinstance(node, exp.Table):
        _refuse_system(node)
    if isinstance(node, exp.Func) and not isinstance(node, _SYNTAX) and not FUNCTIONS & _names_of(node):
        raise Refused(
            "A function is used that is not among those known to be harmless. Leave it out, and reckon with columns, "
            "operators, and the usual functions on numbers, texts, dates and groups."
        )


def _refuse_system(table: exp.Table) -> None:
    path = [part.name.casefold() for part in table.parts]
    if any(part.startswith(_SYSTEM) for part in path):
        raise Refused("A table of the engine's own is named. Use the tool schema to learn what there is.")


def _names_of(function: exp.Func) -> set[str]:
    if isinstance(function, exp.Anonymous | exp.AnonymousAggFunc):
        return {function.name.casefold()}
    return {name.casefold() for name in function.sql_names()}


def _alone(sql: str, dialect: str) -> str:
    """The text up to a semicolon at its end; a comment behind it goes as well."""
    tokens = sqlglot.tokenize(sql, dialect=dialect)
    last = next(token for token in reversed(tokens) if token.token_type != sqlglot.TokenType.SEMICOLON)
    return sql[: last.end + 1]
