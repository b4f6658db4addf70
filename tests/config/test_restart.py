"""What a running gateway takes over, and what waits for a restart."""

from pydantic import SecretStr

from gateway.config.model import (
    AuditConfig,
    AuthConfig,
    GatewayConfig,
    JWTConfig,
    LogConfig,
    ReplicasConfig,
    ServerConfig,
    UpstreamConfig,
)
from gateway.config.restart import without_restart

RAW = UpstreamConfig(url="http://127.0.0.1:9/mcp")


def test_without_a_change_there_is_nothing_to_wait_for():
    config = GatewayConfig(upstreams={"raw": RAW})
    assert without_restart(config, config) == (config, ())


def test_where_it_listens_and_whom_it_lets_in_stay():
    issuer = JWTConfig(issuer="https://a.example", audience="a", public_key=SecretStr("key"))
    wanted = GatewayConfig(
        server=ServerConfig(port=9, host="::1", instructions="Ask."),
        auth=AuthConfig(jwt={"a": issuer}),
        audit=AuditConfig(enabled=True),
        replicas=ReplicasConfig(url=SecretStr("redis://localhost")),
        log=LogConfig(level="ERROR"),
        upstreams={"raw": RAW},
    )
    possible, keys = without_restart(GatewayConfig(), wanted)
    assert keys == ("audit.enabled", "auth.jwt", "replicas.url", "server.host", "server.port")
    assert possible.server == ServerConfig(instructions="Ask.")
    assert possible.auth == AuthConfig()
    assert possible.audit == AuditConfig()
    assert possible.replicas == ReplicasConfig()
    assert possible.log.level == "ERROR"
    assert possible.upstreams == {"raw": RAW}
