"""`gateway new`: begins a service of one's own, with a test, and adds it to gateway.toml."""

import os
import shutil
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from string import Template

from gateway.cli.options import ConfigFile
from gateway.cli.output import Exit, print_error, say
from gateway.cli.upstream import text_of
from gateway.config.edit import add_service, service_names, write
from gateway.config.load import FILE_NAME, find, load_text
from gateway.config.model import DEFAULT_SERVICES
from gateway.config.names import is_namespace, to_namespace
from gateway.errors import ConfigurationError

SHIPPED = ", ".join(f"[services.{name}]" for name in DEFAULT_SERVICES)
TEMPLATES = Path(__file__).parent / "templates"


def service(name: str, /, *, config: ConfigFile = None) -> Exit:
    """Begin a service: a folder beside gateway.toml with its code, a test and a README.

    Parameters
    ----------
    name
        Its namespace, before the names of all its tools.
    """
    file = find(config, os.environ) or Path(FILE_NAME)
    package = name.replace("-", "_")
    folder = file.parent / package
    text = text_of(file)
    named = service_names(text, str(file))
    if wrong := _wrong_name(name, package) or _there_already(name, named, folder):
        print_error(*wrong)
        return Exit.FAILED
    changed = add_service(text, name, {"module": f"{package}.server:mcp"})
    load_text(changed, file, os.environ)
    try:
        _write_folder(folder, name, package)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        print_error(f"{folder} cannot be written: {error.strerror}", "Check the rights of the folder that it is in.")
        return Exit.FAILED
    try:
        write(file, changed)
    except ConfigurationError:
        shutil.rmtree(folder)
        raise
    say(f"{folder}: made service {name}; {file} serves it. `gateway call {name}_hello name=Ada` calls it.")
    if not named:
        say(
            f"note: {file} named no service until now, so those that ship were served. Add them to keep them: {SHIPPED}"
        )
    return Exit.WELL


def _wrong_name(name: str, package: str) -> tuple[str, str] | None:
    """Why a service cannot have this name, and what to do about it."""
    if not is_namespace(name) or name.endswith("-"):
        try:
            cure = f"Call it {to_namespace(name)}."
        except ValueError:
            cure = "Use letters from a to z."
        return f"'{name}' is no namespace: a letter, then letters, digits and -, 32 at most", cure
    if iskeyword(package) or find_spec(package) is not None:
        return f"Python has another meaning for '{package}'", f"Call it {name[:28]}-own, or something else."
    return None


def _there_already(name: str, named: list[str], folder: Path) -> tuple[str, str] | None:
    """What would be overwritten, and what to do about it."""
    if folder.exists():
        return f"{folder} is there already", "Choose another name, or move it away. Nothing was changed."
    if name in named:
        return f"services.{name} is configured already", "Choose another name. Nothing was changed."
    return None


def _write_folder(folder: Path, name: str, package: str) -> None:
    folder.mkdir()
    for template in sorted(TEMPLATES.glob("*.txt")):
        file = folder / template.name.removesuffix(".txt").replace("package", package)
        written = Template(template.read_text(encoding="utf-8")).substitute(name=name, package=package)
        file.write_text(written, encoding="utf-8")
