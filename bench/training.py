"""The calls from which a compiler learns what a call runs through: `python -m bench.training`.

They go to the compiled build as it is, which has to be one that writes down what it runs through; `make compiled` makes
that one first.
"""

from bench import parts
from bench.load import repeat, tool_call, tools_list
from bench.upstream import path

CALLS = 4_000
"""Of each kind."""
CLIENTS = 16
SPOKEN = [(era, answer) for era in ("modern", "legacy") for answer in ("json", "sse")]


def train(gateway: parts.Part) -> None:
    """Every way that a call can take at the express doors: it is answered as it should be, or this fails."""
    upstreams = [tool_call(f"up{number}_echo") for number in range(len(SPOKEN))]
    for era in ("modern", "legacy"):
        for request in (*upstreams, tool_call("own_shout", change=str.upper), tools_list(len(SPOKEN))):
            repeat(gateway.at(era).target, request, calls=CALLS, concurrency=CLIENTS)


def main() -> None:
    """With a key and everything that records, and with neither."""
    with parts.upstream() as (origin, _):
        urls = [origin + path(era=era, answer=answer) for era, answer in SPOKEN]
        for everything in (True, False):
            with parts.gateway(urls, everything=everything, is_compiled=True) as gateway:
                train(gateway)


if __name__ == "__main__":
    main()
