"""Every verb of the command, in one table. A verb's module is imported when the verb runs, and not before."""

from typing import NamedTuple


class Verb(NamedTuple):
    """One verb: the words that call it, where its function is, and its line in the help."""

    words: str
    function: str
    help: str


GROUPS = {
    "audit": "Look at what is kept of calls.",
    "config": "Show the configuration.",
    "keys": "Make, list and revoke callers' keys.",
    "new": "Begin something of your own.",
    "upstream": "Add, remove and list upstreams.",
}
"""First words that have verbs below them."""

VERBS = (
    Verb("up", "gateway.cli.up:up", "Serve everything at one MCP URL."),
    Verb("chaos", "gateway.cli.chaos:chaos", "Serve with upstreams disturbed on purpose, to try a bad day."),
    Verb("reload", "gateway.cli.reload:reload", "Have the running gateway apply its changed configuration."),
    Verb("check", "gateway.cli.check:check", "Check the configuration's files; connects to nothing."),
    Verb("doctor", "gateway.cli.doctor:doctor", "Connect to everything and say how it does."),
    Verb("list", "gateway.cli.listing:list_everything", "List tools, resources, templates and prompts."),
    Verb("call", "gateway.cli.call:call", "Call one tool and print its result."),
    Verb("monitor", "gateway.cli.monitor:monitor", "Say how an MCP server does, once or every few seconds."),
    Verb("workflow", "gateway.cli.workflow:workflow", "Run calls of tools from a file, in order or side by side."),
    Verb("audit search", "gateway.cli.audit:find", "Print the calls that were made."),
    Verb("audit verify", "gateway.cli.audit:check", "Say whether the audit is whole."),
    Verb("config show", "gateway.cli.config:show", "Print every key with its value in force, secrets masked."),
    Verb("config schema", "gateway.cli.config:schema", "Print the JSON Schema of gateway.toml."),
    Verb("keys create", "gateway.cli.keys:create", "Make a key and print it, this once."),
    Verb("keys list", "gateway.cli.keys:list_keys", "List all keys by their ids."),
    Verb("keys revoke", "gateway.cli.keys:revoke", "Refuse a key from now on."),
    Verb("new service", "gateway.cli.new:service", "Begin a service of your own, with a test."),
    Verb("upstream add", "gateway.cli.upstream:add", "Add an upstream to gateway.toml."),
    Verb("upstream remove", "gateway.cli.upstream:remove", "Remove an upstream from gateway.toml."),
    Verb("upstream test", "gateway.cli.upstream_test:ask", "Connect to one upstream and list what it offers."),
    Verb("upstream list", "gateway.cli.upstream:list_upstreams", "List the upstreams that are configured."),
)
