"""`gateway upstream`: adds, removes and lists upstreams by editing gateway.toml."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from gateway.cli.check import report
from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_table, say
from gateway.config.edit import add_upstream, remove_upstream, upstream_names, write
from gateway.config.files import Unreadable, read_text
from gateway.config.load import FILE_NAME, find, load, load_text
from gateway.errors import ConfigurationError, Fault

Command = Annotated[
    tuple[str, ...],
    Parameter(
        allow_leading_hyphen=True,
        consume_multiple=True,
        negative="",
        show_default=False,
        help="Program to start, and its arguments: all that follows is its own.",
    ),
]


def add(
    name: str,
    /,
    *,
    url: Annotated[str | None, Parameter(help="HTTP endpoint.")] = None,
    bearer_env: Annotated[str | None, Parameter(help="Variable that holds the token to send.")] = None,
    transport: Annotated[Literal["http", "sse", "stdio"] | None, Parameter(help="Found out if not given.")] = None,
    config: ConfigFile = None,
    command: Command = (),
) -> Exit:
    """Add an upstream to gateway.toml: --url, or --command as the last option.

    Parameters
    ----------
    name
        Its namespace, before the names of all its tools.
    """
    if (url is None) == (not command):
        print_error("give exactly one of --url and --command")
        return Exit.USAGE
    file = find(config, os.environ) or Path(FILE_NAME)
    text = text_of(file)
    if name in upstream_names(text, str(file)):
        raise _fault(file, name, "is there already", f"`gateway upstream remove {name}` first, or choose another name")
    keys = _keys(url, command, bearer_env, transport)
    changed = add_upstream(text, name, keys)
    upstream = load_text(changed, file, os.environ).config.upstreams[name]
    write(file, changed)
    say(f"{file}: added upstream {name}" + ("" if upstream.is_on else f"; it stays off while {upstream.off_because}"))
    return Exit.WELL


def _keys(url: str | None, command: tuple[str, ...], bearer_env: str | None, transport: str | None) -> dict[Any, Any]:
    """The table's keys. With a token named, the upstream stays off until the token is there."""
    keys = {
        ("url",): url,
        ("transport",): transport,
        ("auth", "bearer"): bearer_env and f"${{env:{bearer_env}}}",
        ("enabled",): bearer_env and "when-configured",
        ("command",): command[0] if command else None,
        ("args",): list(command[1:]),
    }
    return {key: value for key, value in keys.items() if value}


def remove(name: str, /, *, config: ConfigFile = None) -> None:
    """Remove an upstream from gateway.toml; comments stay.

    Parameters
    ----------
    name
        Its namespace.
    """
    file = find(config, os.environ) or Path(FILE_NAME)
    text = text_of(file)
    if name not in upstream_names(text, str(file)):
        cure = "`gateway upstream list` shows in which file each upstream stands; one of an mcp.json is removed there"
        raise _fault(file, name, "is not there", cure)
    changed = remove_upstream(text, name, str(file))
    load_text(changed, file, os.environ)
    write(file, changed)
    say(f"{file}: removed upstream {name}")


def list_upstreams(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the upstreams that are configured, and the file that each stands in."""
    upstreams = report(load(config))["upstreams"]
    if as_json:
        print_json(upstreams)
        return
    rows = [
        (each["namespace"], each["at"], "on" if each["on"] else f"off: {each['off_because']}", each["file"])
        for each in upstreams
    ]
    print_table(("namespace", "at", "state", "file"), rows)


def text_of(file: Path) -> str:
    """The file as it is; empty if there is none yet."""
    try:
        return read_text(file) if file.exists() else ""
    except Unreadable as error:
        raise ConfigurationError([Fault(str(file), "", str(error))]) from None


def _fault(file: Path, name: str, problem: str, cure: str) -> ConfigurationError:
    return ConfigurationError([Fault(str(file), f"upstreams.{name}", problem, cure)])
