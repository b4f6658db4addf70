"""Names and texts of others, quoted for SQL."""


def identifier(name: str) -> str:
    """A table's or column's name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("'", "''") + "'"
