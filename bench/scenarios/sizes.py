"""What grows with the number of upstreams, tools and calls, and what should not."""

import contextlib

from bench import parts, proxies
from bench.load import repeat, tool_call, tools_list
from bench.report import Section
from bench.rounds import MEGABYTE, Effort, Row, in_turn, ratios
from bench.upstream import path


def size(effort: Effort) -> Section:
    """CPU per call by size: 1 upstream with 10 tools, 20 with 1,000 and 100 with 10,000; the clients call them all."""
    with contextlib.ExitStack() as stack:
        origin, _ = stack.enter_context(parts.upstream())
        rows = []
        for upstreams, tools in (
            (1, 10),
            (effort.sized(20), effort.sized(1_000)),
            (effort.sized(100), effort.sized(10_000)),
        ):
            urls = [origin + path(tools=tools // upstreams, number=number) for number in range(upstreams)]
            name = f"{upstreams} upstream{'s' * (upstreams > 1)}, {tools:,} tools"
            part = stack.enter_context(parts.gateway(urls, name=name))
            rows.append(Row(part, tool_call(*(f"up{number}_echo" for number in range(upstreams)))))
        in_turn(rows, effort, clients=effort.sized(100))
    return Section(rows, {"size": ratios(rows[-1], rows[0], "cpu")})


def listing(effort: Effort) -> Section:
    """tools/list of 1,000 tools, 4 clients, against plain FastMCP listing its own."""
    count = effort.sized(1_000)
    with contextlib.ExitStack() as stack:
        origin, _ = stack.enter_context(parts.upstream())
        ours = stack.enter_context(parts.gateway([origin + path(tools=count)], name="gateway"))
        theirs = stack.enter_context(parts.plain(tools=count))
        rows = [Row(part, tools_list(count)) for part in (ours, theirs)]
        in_turn(rows, effort, clients=4)
    return Section(rows, {"list": ratios(rows[0], rows[1])})


def service(effort: Effort) -> Section:
    """A service's async tool, 16 clients, against the same tool on a plain FastMCP server."""
    with parts.gateway([], name="gateway") as ours, parts.plain() as theirs:
        rows = [Row(part, tool_call("own_shout", change=str.upper)) for part in (ours, theirs)]
        in_turn(rows, effort, clients=16)
    return Section(rows, {"service": ratios(rows[0], rows[1])})


def memory(effort: Effort) -> Section:
    """Memory grown over 100,000 calls, after 5,000 that fill what is meant to be filled."""
    with parts.upstream() as (origin, _), parts.gateway([origin + path()]) as ours:
        repeat(ours.target, tool_call("up0_echo"), calls=effort.sized(5_000), concurrency=16)
        before = ours.memory
        repeat(ours.target, tool_call("up0_echo"), calls=effort.sized(100_000), concurrency=16)
        grown = (ours.memory - before) / MEGABYTE
    print(f"    {before / MEGABYTE:.1f} MB before, {grown:+.1f} MB after")
    return Section([], {"memory": [grown]})


def workers(effort: Effort) -> Section:
    """CPU per call with two workers, against one, 64 clients and 16; and the same of Envoy's threads."""
    # With two of anything on two cores, the load and the upstream have none for themselves, and whoever has work is
    # taken off its core for them. That costs each call the more the fewer clients there are, and Envoy's too; what a
    # second worker costs by itself shows where there are enough of them.
    with contextlib.ExitStack() as stack:
        origin, _ = stack.enter_context(parts.upstream())
        urls = [origin + path()]
        measured = [
            (stack.enter_context(parts.gateway(urls, name=name, workers=count)), tool_call("up0_echo"))
            for name, count in (("one worker", 1), ("two workers", 2))
        ]
        for count, name in ((1, "Envoy's MCP router, one thread"), (2, "Envoy's MCP router, two threads")):
            envoy = stack.enter_context(proxies.envoy_router(urls, threads=count))
            measured.append((envoy.named(name), tool_call("up0__echo")))
        rows = {
            clients: [Row(part.named(f"{part.name}, {clients} clients"), call) for part, call in measured]
            for clients in (64, 16)
        }
        for clients, some in rows.items():
            in_turn(some, effort, clients=clients)
    one, two, *_ = rows[64]
    return Section([*rows[64], *rows[16]], {"workers": ratios(two, one, "cpu")})
