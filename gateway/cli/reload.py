"""`gateway reload`: have running gateways take over what the configuration says now."""

from typing import Any

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_text, say
from gateway.config.state import state_dir
from gateway.reload.control import ask

NOBODY = "no running gateway found"
WHY_NOBODY = "it is reached through server.state_dir: run this as the same user, in the same folder or with --config"


def reload(*, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Have the running gateway take over what its files say now, and print what changed, or every fault."""
    outcomes = ask(state_dir(config), "reload")
    if as_json:
        print_json({"well": bool(outcomes) and all(each["well"] for each in outcomes), "gateways": outcomes})
    if not outcomes:
        print_error(NOBODY, WHY_NOBODY)
        return Exit.FAILED
    if not as_json:
        for outcome in outcomes:
            _show(outcome)
    return Exit.WELL if all(each["well"] for each in outcomes) else Exit.FAILED


def _show(outcome: dict[str, Any]) -> None:
    for change in outcome["changed"]:
        print_text(change)
    if outcome["well"] and not outcome["changed"]:
        print_text("nothing changed")
    for key in outcome["needs_restart"]:
        say(f"{key}: restart to apply")
    if outcome["faults"]:
        say("not applied, the old configuration serves on:")
    for fault in outcome["faults"]:
        say(f"\n{fault}")
