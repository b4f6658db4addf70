"""Gateways from the registries, beside ours."""

import contextlib

from bench import parts, registry
from bench.load import tool_call
from bench.report import Section
from bench.rounds import Effort, Row, in_turn
from bench.upstream import path


def others(effort: Effort) -> Section:
    """Gateways from the registries: legacy calls, 16 clients, 1 upstream of 10 tools."""
    with contextlib.ExitStack() as stack:
        origin, _ = stack.enter_context(parts.upstream())
        url = origin + path(era="legacy")
        ours = stack.enter_context(parts.gateway([url], name="express door, everything on")).at("legacy")
        rows = [Row(ours, tool_call("up0_echo"))]
        for one in registry.PUBLISHED:
            try:
                part = stack.enter_context(registry.published(one, url))
            except registry.NotInstalled as reason:
                print(f"    {one.package} left out: {reason}")
            else:
                rows.append(Row(part, tool_call(one.tool)))
        in_turn(rows, effort, clients=16)
    return Section(rows)
