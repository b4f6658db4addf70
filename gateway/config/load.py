"""Reads a whole configuration: `gateway.toml`, the files it includes, the environment. All faults together."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.config import environment, mcpjson, upstreams
from gateway.config.draft import Draft, KeyPath, Source
from gateway.config.files import Unreadable, read_text, resolve
from gateway.config.fill import fill
from gateway.config.model import DEFAULT_SERVICES, GatewayConfig
from gateway.config.toml import parse
from gateway.config.validate import refuse_what_is_not_ours, validate
from gateway.errors import ConfigurationError, Fault

FILE_NAME = "gateway.toml"
FILE_VARIABLE = "GATEWAY_CONFIG"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that holds, and where it came from.

    `file` is None where nothing but defaults and environment spoke. `folder` is what relative paths in the
    configuration hang on. `notes` are what the user should know though nothing is wrong. `origins` names, for each
    upstream, the file that it was written in. `files` are all that were read, and those that would have been had they
    been there.
    """

    config: GatewayConfig
    file: Path | None
    folder: Path
    notes: tuple[str, ...]
    origins: Mapping[str, str]
    files: frozenset[Path]

    @property
    def state_dir(self) -> Path:
        """The folder for keys and last good listings, absolute."""
        return self.folder / self.config.server.state_dir.expanduser()

    @property
    def audit_dir(self) -> Path:
        """The folder of the audit's files, absolute."""
        return self.state_dir / self.config.audit.folder.expanduser()


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read the configuration at `path`; without one, at GATEWAY_CONFIG, or `gateway.toml` here if there is one.

    Raises:
        ConfigurationError: every fault of every file.
    """
    environ = os.environ if environ is None else environ
    file = find(path, environ)
    if file is None:
        return load_text("", None, environ)
    try:
        text = read_text(file)
    except Unreadable as error:
        cure = f"name a file with --config or {FILE_VARIABLE}, or run in the folder that has {FILE_NAME}"
        raise ConfigurationError([Fault(str(file), "", str(error), cure)]) from None
    return load_text(text, file, environ)


def find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to read; None where none is named and none is here."""
    named = path or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if named is not None:
        return named.expanduser()
    return Path(FILE_NAME) if Path(FILE_NAME).is_file() else None


def load_text(text: str, file: Path | None, environ: Mapping[str, str]) -> Loaded:
    """The configuration that `text` makes, as though it stood in `file`.

    Raises:
        ConfigurationError: every fault of the text, and of the files it includes.
    """
    folder = file.resolve().parent if file is not None else Path.cwd()
    source = Source(str(file) if file is not None else "defaults", (), folder, "gateway.toml")
    draft = Draft(parse(text, source.file), {(): source})
    draft.files.add(file.absolute() if file is not None else folder / FILE_NAME)
    _gather(draft, environ)
    refuse_what_is_not_ours(draft)
    fill(draft, environ, [key for key in draft.tree if key != "include"])
    upstreams.settle_transports(draft)
    upstreams.absolute_folders(draft, environ)
    upstreams.check_names(draft)
    config = validate(draft)
    if config is None or draft.faults:
        faults = sorted(draft.faults, key=lambda fault: (fault.file != source.file, fault.file))
        raise ConfigurationError(faults, draft.files)
    origins = {name: draft.source(("upstreams", name))[0].file for name in config.upstreams}
    return Loaded(config, file, folder, tuple(draft.notes), origins, frozenset(draft.files))


def _gather(draft: Draft, environ: Mapping[str, str]) -> None:
    """Put included files under what the file itself says, and the environment over all of it."""
    folder = draft.sources[()].folder
    settings = environment.settings(environ)
    for_include = [setting for setting in settings if setting.parts[0].lower() == "include"]
    environment.overlay(draft, for_include, folder)
    fill(draft, environ, ["include"])
    upstreams.include(draft, _included(draft, environ))
    if "services" not in draft.tree:
        draft.tree["services"] = {name: {} for name in DEFAULT_SERVICES}
        draft.sources[("services",)] = Source("defaults", ("services",), folder, "gateway.toml")
    environment.overlay(draft, [setting for setting in settings if setting not in for_include], folder)


def _included(draft: Draft, environ: Mapping[str, str]) -> list[mcpjson.Server]:
    servers = []
    names = draft.tree.get("include")
    for place, name in enumerate(names if isinstance(names, list) else []):
        path: KeyPath = ("include", place)
        if not isinstance(name, str) or draft.is_faulty(path):
            continue
        source, _ = draft.source(path)
        file = resolve(name, source.folder, environ)
        draft.files.add(file)
        try:
            contents = mcpjson.read(file, name)
        except Unreadable as error:
            draft.fault(
                path, f"{name} {error}", f"check the path; a relative one begins at the folder of {source.file}"
            )
            continue
        servers += contents.servers
        draft.faults += contents.faults
        draft.notes += contents.notes
    return servers
