"""`gateway config`: what is in force, and what may be said."""

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import print_json, print_text
from gateway.config.load import load
from gateway.config.show import as_dict, as_toml
from gateway.config.show import schema as json_schema


def show(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print every key with its value in force, secrets masked."""
    loaded = load(config)
    if as_json:
        print_json(as_dict(loaded.config))
    else:
        print_text(as_toml(loaded.config).rstrip())


def schema(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print the JSON Schema of gateway.toml, whatever --config and --json say."""
    print_json(json_schema())
