"""The gateway's own HTTP routes: health for probes, metrics for whoever may read them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastmcp.server.auth import AuthProvider
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.doors.own import OWN, held_back, upstream_status
from gateway.doors.serving import Serving
from gateway.errors import Unauthenticated
from gateway.model.principal import LOOPBACK, Principal
from gateway.model.route import Route
from gateway.policy.authorize import decide
from gateway.policy.proof import principal_of

SAMPLES = "samples"
"""What workers are asked for their `Metrics.told`."""
METRICS = Route("resource", "service", OWN, "/metrics", "/metrics", {}, read_only=True, repeatable=True)

Endpoint = Callable[[Request], Awaitable[Response]]


async def healthz(request: Request) -> Response:
    """Whether the process answers."""
    return JSONResponse({"status": "ok"})


def readyz(serving: Serving, is_ready: Callable[[], bool], replicas: Callable[[], Mapping[str, Any]]) -> Endpoint:
    """Whether calls are taken, and how each upstream does. One that is down does not make the gateway unready, nor
    does a lost link to `replicas`, given by its status."""

    async def endpoint(request: Request) -> Response:
        ready = is_ready()
        found = {name: upstream_status(each) for name, each in serving.upstreams.items()}
        upstreams = {name: each["state"] for name, each in found.items()}
        reasons = [] if ready else ["starting or stopping"]
        reasons += [
            f"upstream {name} is {state}" for name, state in upstreams.items() if state not in ("up", "idle", "off")
        ]
        reasons += [f"upstream {name} is disturbed on purpose" for name, each in found.items() if each["chaos"]]
        reasons += [f"upstream {name} is {why}" for name, each in found.items() if (why := held_back(each))]
        if (link := replicas()["state"]) in ("connecting", "lost"):
            reasons.append(f"the link to replicas is {link}")
        body = {"status": "ready" if ready else "not ready", "reasons": reasons, "upstreams": upstreams}
        return JSONResponse(body, 200 if ready else 503)

    return endpoint


def metrics(render: Callable[[], Awaitable[bytes]], auth: AuthProvider | None) -> Endpoint:
    """Prometheus metrics, for principals with `gateway:read`; without authentication the edge lets in loopback only."""

    async def endpoint(request: Request) -> Response:
        try:
            principal = await _principal(request, auth)
        except Unauthenticated as error:
            return JSONResponse({"error": error.message}, 401, {"WWW-Authenticate": "Bearer"})
        decision = decide(principal, METRICS)
        if not decision.allowed:
            return JSONResponse({"error": f"/metrics {decision.reason}"}, 403)
        return Response(await render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return endpoint


async def _principal(request: Request, auth: AuthProvider | None) -> Principal:
    if auth is None:
        return LOOPBACK
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    token: Any = await auth.verify_token(credential.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Unauthenticated("Give a key: Authorization: Bearer gw_…")
    return principal_of(token)
