"""Command-line options that all raw upstreams share."""

import argparse
from pathlib import Path

from tests.upstreams.raw.offer import Settings


def parser(description: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--era", choices=("modern", "legacy", "both"), default="both")
    options.add_argument("--session", action=argparse.BooleanOptionalAction, default=True)
    options.add_argument("--answer", choices=("json", "sse"), default="sse")
    options.add_argument("--tools", type=int, default=0)
    options.add_argument("--page-size", type=int, default=0)
    options.add_argument("--list-delay", type=float, default=0.0)
    options.add_argument("--call-delay", type=float, default=0.0)
    options.add_argument("--name", default="raw")
    options.add_argument("--tasks", action="store_true")
    options.add_argument("--record", type=Path, help="also write the record there, as JSON lines")
    return options


def settings(chosen: argparse.Namespace) -> Settings:
    return Settings(
        era=chosen.era,
        session=chosen.session,
        answer=chosen.answer,
        tools=chosen.tools,
        page_size=chosen.page_size,
        list_delay=chosen.list_delay,
        call_delay=chosen.call_delay,
        name=chosen.name,
        tasks=chosen.tasks,
    )
