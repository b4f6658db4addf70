"""Verbs that fail, each in its own way."""

from gateway.errors import (
    ConfigurationError,
    Fault,
    Forbidden,
    InvalidRequest,
    Unauthenticated,
    UnknownName,
    UpstreamDown,
)


def configuration() -> None:
    raise ConfigurationError(
        [Fault("gateway.toml", "server.port", "is wrong", "mend it"), Fault("mcp.json", "", "is not there")]
    )


def down() -> None:
    raise UpstreamDown("docs", "is down since noon. Start it.")


def forbidden() -> None:
    raise Forbidden("The scope docs:call is missing.")


def unauthenticated() -> None:
    raise Unauthenticated("Show a key.")


def invalid() -> None:
    raise InvalidRequest("Give an object.")


def unknown() -> None:
    raise UnknownName("There is no such tool.")


def interrupted() -> None:
    raise KeyboardInterrupt


def surprised() -> None:
    raise RuntimeError("CANARY")


async def asynchronous() -> int:
    return 3
