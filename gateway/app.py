"""The composition root: from a configuration to a `Gateway`, ready to run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.config.load import Loaded, load
from gateway.config.model import GatewayConfig
from gateway.config.show import as_dict, secrets_of
from gateway.doors.own import Status, own_server, upstream_status
from gateway.doors.state import RequestStates
from gateway.guard import Guard
from gateway.observe.audit import Audit
from gateway.observe.audit_file import AuditFile
from gateway.observe.calls import log_call
from gateway.observe.logs import configure
from gateway.observe.metrics import Metrics
from gateway.policy.authenticate import build_auth
from gateway.policy.keys import KeyStore
from gateway.policy.statekey import StateKey
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


def gateway_of(read: Callable[[], Loaded]) -> Gateway:
    """The gateway of the configuration that `read` gives, now and whenever it is asked to reload.

    Raises:
        ConfigurationError: with every fault found.
    """
    loaded = read()
    config = loaded.config
    metrics = Metrics()
    status = Status(sessions=lambda: sum(len(each.pool) for each in runtime.upstreams.values()))
    own = own_server(config.server.name, lambda: as_dict(runtime.config), lambda: _status(status, gateway, audit))
    services = load_services(config.services, str(loaded.file or "defaults"), loaded.folder)
    key = StateKey(loaded.state_dir, config.server.state_key)
    audit = _audit(loaded)
    guard = Guard([metrics, log_call], audit)
    runtime = Runtime(config, loaded.state_dir, guard, own, services, TaskIds(key.read))
    reloader = Reloader(runtime, loaded, read)
    replicas = Replicas(runtime, config.replicas)
    metrics.collect(lambda: {name: upstream_status(each) for name, each in runtime.upstreams.items()})
    metrics.collect_replicas(replicas.state)
    if audit is not None:
        metrics.collect_audit(audit.state)
    keys = KeyStore(loaded.state_dir, os.environ.get("GATEWAY_KEY_PEPPER"))
    auth = build_auth(config, keys)
    states = RequestStates(key, audience=config.server.name)
    gateway = Gateway(runtime, reloader, replicas, auth, metrics, states, lambda: _configure_logs(runtime.config))
    return gateway


def _configure_logs(config: GatewayConfig) -> None:
    configure(config.log, secrets_of(config))


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
