"""The `gateway` command: a file per verb, and every error caught once, here."""

import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from cyclopts import App, CycloptsError, UnknownCommandError

from gateway.cli.output import Exit, exit_code, print_error, print_faults
from gateway.cli.verbs import GROUPS, VERBS, Verb
from gateway.errors import ConfigurationError, GatewayError
from gateway.ground.version import VERSION

DEBUG = "GATEWAY_DEBUG"


def main(tokens: list[str] | None = None) -> NoReturn:
    """Run one verb and leave with its exit status; without `tokens`, those of the command line."""
    sys.exit(run(sys.argv[1:] if tokens is None else tokens))


def run(tokens: list[str], verbs: Sequence[Verb] = VERBS) -> int:
    """Run one verb; its exit status. Whatever goes wrong, a user sees what failed, and no traceback."""
    try:
        status = build_app(verbs)(tokens)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130  # as shells have it: 128 and the signal's number
    except BrokenPipeError:
        return _reader_left()
    except UnknownCommandError as error:
        print_error(*_no_such_verb(tokens, error.unused_tokens or [], verbs))
        return Exit.USAGE
    except CycloptsError as error:
        print_error(str(error), "`gateway --help` lists the verbs, and --help after one its options")
        return Exit.USAGE
    except Exception as error:  # noqa: BLE001  # the last place where an error can be put in words
        return _told(error)
    return Exit.WELL if status is None else status


def build_app(verbs: Sequence[Verb] = VERBS) -> App:
    """The command with all its verbs, none of them imported yet."""
    app = _app("gateway", "One MCP URL in front of your own Python services and any other MCP servers.")
    groups = {name: _app(name, help) for name, help in GROUPS.items()}
    for group in groups.values():
        app.command(group)
    for verb in verbs:
        *group, name = verb.words.split()
        parent = groups[group[0]] if group else app
        parent.command(verb.function, name=name, help=verb.help)
    return app


def _app(name: str, help: str) -> App:
    return App(
        name=name,
        help=help,
        version=VERSION,
        # Plain text: importing what rich needs to draw it takes longer than everything else together.
        help_format="plaintext",
        help_formatter="plain",
        print_error=False,
        exit_on_error=False,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )


def _no_such_verb(tokens: Sequence[str], unknown: Sequence[str], verbs: Sequence[Verb]) -> tuple[str, str]:
    """What was typed, and the verb that was probably meant. Cyclopts would import every verb to say as much."""
    known = list(tokens[: len(tokens) - len(unknown)])
    depth = len(known)
    there = {words[depth] for verb in verbs if (words := verb.words.split())[:depth] == known and len(words) > depth}
    near = get_close_matches(unknown[0] if unknown else "", sorted(there), n=1)
    meant = " ".join(["gateway", *known, near[0]]) if near else ""
    cure = f"did you mean `{meant}`?" if near else f"known here: {', '.join(sorted(there))}"
    return f"there is no verb {' '.join(tokens[: depth + 1])}", cure


def _told(error: Exception) -> int:
    """Say what failed; the exit status that goes with it."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    if isinstance(error, ConfigurationError):
        print_faults(error)
        return Exit.FAILED
    if isinstance(error, GatewayError):
        print_error(error.message)
        return exit_code(error)
    print_error(f"unexpected {type(error).__name__}", f"{DEBUG}=1 shows where it happened; please report it")
    return Exit.FAILED


def _reader_left() -> int:
    """Stdout was closed by its reader, as `head` does: well, once the interpreter's own last flush is kept from it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.WELL
