"""A proxied call, all parts side by side on the same upstream."""

import contextlib
from collections.abc import Callable

from bench import compiled, parts, proxies
from bench.load import Target, tool_call
from bench.report import Section
from bench.rounds import Effort, Row, in_turn, ratios, refuse_if_slow
from bench.upstream import path

OURS = "express door, everything on"
BARE = "express door, bare"
COMPILED = ", compiled"
ENVOY = "Envoy's MCP router"


def modern(effort: Effort) -> Section:
    """Proxied modern call, 16 clients, 1 upstream of 10 tools."""
    section, rows = _side_by_side("modern", 16, effort, with_plain=True)

    def figures(build: str) -> dict[str, list[float]]:
        ours, envoy = rows[OURS + build], rows[ENVOY]
        return {
            "envoy": ratios(ours, envoy),
            "envoy-p99": ratios(ours, envoy, "p99"),
            "bare": ratios(rows[BARE + build], envoy),
            "nginx": ratios(ours, rows["nginx passing through"]),
            "plain": ratios(ours, rows["plain FastMCP"]),
        }

    return _judged(section, rows, figures)


def one_client(effort: Effort) -> Section:
    """Proxied modern call, 1 client."""
    return _side_by_side("modern", 1, effort)[0]


def many_clients(effort: Effort) -> Section:
    """Proxied modern call, 64 clients."""
    return _side_by_side("modern", 64, effort)[0]


def legacy(effort: Effort) -> Section:
    """Legacy clients that declare elicitation and roots, 16 of them, to a legacy upstream with sessions."""
    section, rows = _side_by_side("legacy", 16, effort)
    return _judged(section, rows, lambda build: {"legacy": ratios(rows[OURS + build], rows[ENVOY])})


def sse(effort: Effort) -> Section:
    """An upstream that answers over SSE, beside the same over JSON, 16 clients."""
    with contextlib.ExitStack() as stack:
        origin, _ = stack.enter_context(parts.upstream())
        urls = {answer: origin + path(answer=answer) for answer in ("json", "sse")}
        rows = {
            answer: Row(stack.enter_context(parts.gateway([url], name=f"answers over {answer}")), tool_call("up0_echo"))
            for answer, url in urls.items()
        }
        in_turn(list(rows.values()), effort, clients=16)
    return Section(list(rows.values()), {"sse": ratios(rows["sse"], rows["json"])})


def slow(effort: Effort) -> Section:
    """An upstream that takes 50 ms, 200 clients."""
    with contextlib.ExitStack() as stack:
        origin, pid = stack.enter_context(parts.upstream())
        url = origin + path(delay=50)
        alone = Row(parts.Part("upstream alone", Target(url), pid), tool_call("echo"))
        ours = [parts.gateway([url], name=OURS + build, is_compiled=build == COMPILED) for build in _builds()]
        rows = [alone, *(Row(stack.enter_context(each), tool_call("up0_echo")) for each in ours)]
        in_turn(rows, effort, clients=effort.sized(200), seconds=2 * effort.seconds)
    named = {row.name: row for row in rows}

    def figures(build: str) -> dict[str, list[float]]:
        gateway = named[OURS + build]
        return {"slow": ratios(gateway, alone), "slow-p99": ratios(gateway, alone, "p99")}

    return _judged(Section(rows), named, figures)


def _side_by_side(
    era: str, clients: int, effort: Effort, *, with_plain: bool = False
) -> tuple[Section, dict[str, Row]]:
    """The upstream alone, the floor, the router, plain composition if wanted, and our doors in each build there is."""
    with contextlib.ExitStack() as stack:
        origin, pid = stack.enter_context(parts.upstream())
        url = origin + path(era=era)
        alone = Row(parts.Part("upstream alone", Target(url, era), pid), tool_call("echo"), is_gateway=False)
        nginx = Row(stack.enter_context(proxies.nginx(url)).at(era), tool_call("echo"), is_gateway=False)
        rows = [alone, nginx, Row(stack.enter_context(proxies.envoy_router([url])).at(era), tool_call("echo"))]
        ours = [parts.gateway([url], name="main door, everything on", express=False)]
        for build in _builds():
            is_compiled = build == COMPILED
            ours += [parts.gateway([url], name=BARE + build, everything=False, is_compiled=is_compiled)]
            ours += [parts.gateway([url], name=OURS + build, is_compiled=is_compiled)]
        ours += [parts.plain([url])] if with_plain else []
        rows += [Row(stack.enter_context(each).at(era), tool_call("up0_echo")) for each in ours]
        in_turn(rows, effort, clients=clients)
    refuse_if_slow(alone, rows, effort)
    return Section(rows), {row.name: row for row in rows}


def _builds() -> list[str]:
    """What the name of each build ends with."""
    if compiled.is_there():
        return ["", COMPILED]
    print("    compiled build left out: `make compiled` makes it, or says what is missing")
    return [""]


def _judged(section: Section, rows: dict[str, Row], figures: Callable[[str], dict[str, list[float]]]) -> Section:
    """The section with its figures: those of the compiled build, where it was measured, and beside them the other's."""
    if OURS + COMPILED in rows:
        section.found, section.uncompiled = figures(COMPILED), figures("")
    else:
        section.found = figures("")
    return section
