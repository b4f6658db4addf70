"""What sick upstreams cost."""

import contextlib

from bench import parts
from bench.load import tools_list
from bench.report import Section
from bench.rounds import Effort, Row, in_turn, ratios
from tests.upstreams.kit import raw_http


def hung(effort: Effort) -> Section:
    """1,000 tools over 20 upstreams: the list with one of them hung, against all healthy."""
    count = max(2, effort.sized(20))
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(raw_http(era="modern", tools=38)) for _ in range(count)]
        ours = stack.enter_context(parts.gateway([each.url for each in upstreams], list_deadline=3))
        request = tools_list(50 * count)
        healthy, sick = (Row(ours.named(name), request) for name in ("all healthy", "one hung"))
        for _ in range(effort.rounds):
            once = Effort(effort.seconds, 1)
            in_turn([healthy], once, clients=2)
            upstreams[1].control(fault="hang")
            in_turn([sick], once, clients=2)
            upstreams[1].control()
    return Section([healthy, sick], {"hung": ratios(sick, healthy, "p50")})


def ready(effort: Effort) -> Section:
    """Seconds until ready with 20 upstreams, one dead and one hung."""
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(raw_http(era="modern")) for _ in range(max(2, effort.sized(19)))]
        upstreams[1].control(fault="hang")
        urls = [*(each.url for each in upstreams), "http://127.0.0.1:9/mcp"]
        ours = stack.enter_context(parts.gateway(urls, heard=False, list_deadline=3))
    print(f"    {ours.ready_after:.2f} s")
    return Section([], {"ready": [ours.ready_after]})
