"""The composition root: from a configuration to a `Gateway`, ready to run."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gateway.config.load import Loaded, load
from gateway.config.show import as_dict, secrets_of
from gateway.doors.admin import SAMPLES
from gateway.doors.own import FIGURES, Status, own_server, upstream_status, workers_status
from gateway.doors.state import RequestStates
from gateway.doors.workers.peers import FOLDER, Peers
from gateway.guard import Guard
from gateway.observe.audit import Audit
from gateway.observe.audit_file import AuditFile
from gateway.observe.calls import CallLog
from gateway.observe.logs import configure
from gateway.observe.metrics import Metrics
from gateway.policy.authenticate import build_auth
from gateway.policy.keys import KeyStore
from gateway.policy.statekey import StateKey
from gateway.process.workers import Worker
from gateway.reload.reloader import Reloader
from gateway.replicas.replicas import Replicas
from gateway.runtime import Runtime
from gateway.server import Gateway
from gateway.services import load_services
from gateway.upstream.tasks import TaskIds


def create_gateway(config: Path | None = None) -> Gateway:
    """The gateway of a configuration file, or of the defaults where there is none.

    Reads the configuration and the state directory, and does no other I/O: connections are opened when it runs. Safe
    to call inside a running event loop.

    Raises:
        ConfigurationError: with every fault found.
    """
    return gateway_of(lambda: load(config))


def gateway_of(read: Callable[[], Loaded], worker: Worker | None = None) -> Gateway:
    """The gateway of the configuration that `read` gives, now and whenever it is asked to reload.

    `worker`: which one of several this process is.

    Raises:
        ConfigurationError: with every fault found.
    """
    loaded = read()
    config = loaded.config
    metrics = Metrics()
    peers = _peers(loaded, worker) if worker is not None else None
    status = Status(sessions=lambda: sum(len(each.pool) for each in runtime.upstreams.values()))

    async def system_status() -> dict[str, Any]:
        workers = {"workers": await workers_status(peers)} if peers is not None else {}
        return {**_status(status, gateway, audit), **workers}

    own = own_server(config.server.name, lambda: as_dict(runtime.config), system_status)
    services = load_services(config.services, str(loaded.file or "defaults"), loaded.folder)
    key = StateKey(loaded.state_dir, config.server.state_key)
    audit = _audit(loaded)
    guard = Guard([metrics.count, CallLog()], audit)
    runtime = Runtime(config, loaded.state_dir, guard, own, services, TaskIds(key.read))
    reloader = Reloader(runtime, loaded, read)
    replicas = Replicas(runtime, config.replicas, peers)
    metrics.collect(lambda: {name: upstream_status(each) for name, each in runtime.upstreams.items()})
    metrics.collect_replicas(replicas.state)
    if audit is not None:
        metrics.collect_audit(audit.state)
    if peers is not None:
        peers.answers[FIGURES] = lambda: status.figures(runtime)
        peers.answers[SAMPLES] = metrics.told
    auth = build_auth(config, KeyStore(loaded.state_dir, os.environ.get("GATEWAY_KEY_PEPPER")))
    states = RequestStates(key, audience=config.server.name, worker=worker.number if worker is not None else None)
    configure_logs = partial(_configure_logs, runtime)
    gateway = Gateway(runtime, reloader, replicas, auth, metrics, states, configure_logs, peers)
    return gateway


def _peers(loaded: Loaded, worker: Worker) -> Peers:
    return Peers(loaded.state_dir / FOLDER, worker.gateway, worker.number, worker.count)


def _configure_logs(runtime: Runtime) -> None:
    configure(runtime.config.log, secrets_of(runtime.config))


def _audit(loaded: Loaded) -> Audit | None:
    config = loaded.config.audit
    if not config.enabled:
        return None
    return Audit(AuditFile(loaded.audit_dir, config.max_bytes, config.keep), config.required)


def _status(status: Status, gateway: Gateway, audit: Audit | None) -> dict[str, Any]:
    return {
        **status.read(gateway.runtime),
        "audit": audit and audit.state(),
        "configuration": gateway.reloader.state(),
        "replicas": gateway.replicas.state(),
    }
