"""The composition root: from a configuration to a `Gateway`, ready to run."""

import os
from pathlib import Path

from gateway.config.load import Loaded, load
from gateway.config.show import as_dict, secrets_of
from gateway.doors.own import Status, own_server, upstream_status
from gateway.doors.state import RequestStates
from gateway.guard import Guard
from gateway.observe.calls import log_call
from gateway.observe.logs import configure
from gateway.observe.metrics import Metrics
from gateway.policy.authenticate import build_auth
from gateway.policy.keys import KeyStore
from gateway.policy.statekey import StateKey
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
    return gateway_of(load(config))


def gateway_of(loaded: Loaded) -> Gateway:
    """The gateway of a configuration that is already loaded."""
    config = loaded.config
    metrics = Metrics()
    status = Status(sessions=lambda: sum(len(each.pool) for each in runtime.upstreams.values()))
    own = own_server(config.server.name, lambda: as_dict(config), lambda: status.read(runtime))
    services = load_services(config.services, str(loaded.file or "defaults"), loaded.folder)
    key = StateKey(loaded.state_dir, config.server.state_key)
    runtime = Runtime(config, loaded.state_dir, Guard([metrics, log_call]), own, services, TaskIds(key.read))
    metrics.collect(lambda: {name: upstream_status(each) for name, each in runtime.upstreams.items()})
    keys = KeyStore(loaded.state_dir, os.environ.get("GATEWAY_KEY_PEPPER"))
    states = RequestStates(key, audience=config.server.name)
    return Gateway(
        runtime, build_auth(config, keys), metrics, states, lambda: configure(config.log, secrets_of(config))
    )
