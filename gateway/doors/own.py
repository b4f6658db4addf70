"""What the gateway offers of itself: `config://server` and `status://system`."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import psutil
from fastmcp import FastMCP

from gateway.doors.serving import Serving
from gateway.doors.workers.peers import Peers
from gateway.observe.redact import REDACTOR
from gateway.upstream.gate import GateState
from gateway.upstream.upstream import Upstream

# The namespace, in scopes and call events, of what the gateway offers of itself; its names have no prefix.
OWN = "gateway"
FIGURES = "figures"
"""What workers are asked for their `Status.figures`."""


def own_server(
    name: str, config: Callable[[], dict[str, Any]], status: Callable[[], Awaitable[dict[str, Any]]]
) -> FastMCP:
    """A FastMCP server with the gateway's two resources, mounted without a namespace."""
    server = FastMCP(name, mask_error_details=True)

    @server.resource("config://server", mime_type="application/json", title="Configuration")
    def server_config() -> dict[str, Any]:
        """The configuration being served, secrets masked."""
        return config()

    @server.resource("status://system", mime_type="application/json", title="Status")
    async def system_status() -> dict[str, Any]:
        """Uptime, memory, CPU, sessions, calls, and the state of each upstream."""
        return await status()

    return server


class Status:
    """True figures of this process, read when asked for."""

    def __init__(self, sessions: Callable[[], int]):
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first reading only sets the mark that the next one counts from
        self._started = time.time()
        self._sessions = sessions

    def read(self, serving: Serving) -> dict[str, Any]:
        """The figures, and what is served."""
        return {
            **self.figures(serving),
            "tools": len(serving.catalog.routes["tool"]),
            "upstreams": {name: upstream_status(each) for name, each in serving.upstreams.items()},
        }

    def figures(self, serving: Serving) -> dict[str, Any]:
        """Seconds, bytes and per cent of one core."""
        memory = self._process.memory_info()
        return {
            "uptime_seconds": round(time.time() - self._started, 1),
            "memory_bytes": memory.rss,
            "cpu_percent": self._process.cpu_percent(),
            "cpu_seconds": round(sum(self._process.cpu_times()[:2]), 2),
            "sessions": self._sessions(),
            "calls": {"running": serving.guard.running, "finished": serving.guard.finished},
        }


async def workers_status(peers: Peers) -> dict[str, Any]:
    """How many workers there are, which of them answers now, and the figures of each that could be asked."""
    figures = await peers.ask(FIGURES)
    each = {str(number): found for number, found in figures.items()}
    return {"count": peers.count, "answering": peers.number, "each": each}


def upstream_status(upstream: Upstream) -> dict[str, Any]:
    """The state of one upstream, for status, readiness and the command line."""
    health, listing, speech = upstream.health, upstream.listing, upstream.connector.speech
    return {
        "state": health.state,
        "since": datetime.fromtimestamp(health.since, UTC).isoformat(timespec="seconds"),
        "reason": REDACTOR.text(health.reason),
        "transport": speech.transport if speech else None,
        "era": speech.era if speech else None,
        "sessions": len(upstream.pool),
        "calls_running": upstream.bulkhead.running,
        "calls_waiting": upstream.bulkhead.waiting,
        "retries": upstream.retries.spent,
        "breaker": _breaker(upstream.gate.state()),
        "limited_for_seconds": round(upstream.gate.limited_for(), 1),
        "tools": len(listing.tools),
        "listed_seconds_ago": round(time.time() - listing.heard_at, 1) if listing.heard_at else None,
        "chaos": upstream.disturbance and upstream.disturbance.state(),
        "faults": [REDACTOR.text(fault) for fault in upstream.faults.all],
    }


def held_back(status: Mapping[str, Any]) -> str:
    """In words, why an upstream of that status is sent no calls now; empty where it is."""
    if status["limited_for_seconds"]:
        return f"limiting us for another {status['limited_for_seconds']:.0f} s"
    breaker = status["breaker"]
    if breaker["state"] == "closed":
        return ""
    return f"suspended after {breaker['failures']} failures in a row, and tried in {breaker['tried_in_seconds']:.0f} s"


def _breaker(gate: GateState) -> dict[str, Any]:
    return {
        "state": gate.state,
        "since": datetime.fromtimestamp(gate.since, UTC).isoformat(timespec="seconds"),
        "failures": gate.failures,
        "reason": REDACTOR.text(gate.reason),
        "tried_in_seconds": round(gate.tried_in, 1),
    }
